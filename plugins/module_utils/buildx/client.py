# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx client, run as the user whose store it changes. Its exit status proves nothing: the state is read."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import pathlib
import re
import shlex
import shutil
import tempfile
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import CERTIFICATES, TOML
from ansible_collections.multiarch.builders.plugins.module_utils.command import Outcome, owner_of, run, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import WriteFile, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance

INSIDE = "/etc/buildkit/certs/"


def buildx(user: str, *arguments: str) -> Outcome:
    """Run buildx as *user*."""
    return run(["docker", "buildx", *arguments], user=user)


def create(wanted: Instance, user: str) -> None:
    """Create the builder in the store of *user* and start its container, or adopt the one that runs."""
    with _configuration(wanted, user) as config:
        outcome = buildx(user, *create_arguments(wanted, config))
    if environment_of(wanted):
        _add_environment(wanted, user, outcome)
        outcome = buildx(user, "inspect", "--bootstrap", wanted.name)
    require_running(wanted.name, user, outcome)


def create_arguments(wanted: Instance, config: t.Optional[str]) -> t.Tuple[str, ...]:
    """The arguments of `docker buildx`; *config* is the path of buildkitd.toml."""
    arguments = ["create", "--name", wanted.name, "--driver", wanted.driver]
    environment = environment_of(wanted)
    for name, value in {"image": wanted.image, **wanted.driver_opts}.items():
        if name not in environment:
            arguments += ["--driver-opt", quoted(f"{name}={value}")]
    if wanted.flags:
        arguments += ["--buildkitd-flags", shlex.join(wanted.flags)]
    if config:
        arguments += ["--config", config]  # the name that every buildx since 0.3 knows
    return tuple(arguments) if environment else (*arguments, "--bootstrap")


def environment_of(wanted: Instance) -> t.Dict[str, str]:
    """The driver options `env.NAME`: a proxy's may hold a password, and everybody can read arguments."""
    return {name: value for name, value in wanted.driver_opts.items() if name.startswith("env.")}


def _add_environment(wanted: Instance, user: str, created: Outcome) -> None:
    """Put the environment into the entry that buildx made, before the container is."""
    path, owner = store.entry_path(user, wanted.name), owner_of(user)
    text = read(path, owner)
    if text is None:
        raise HostError(f"builder {wanted.name} of {user} cannot be created: {created.words}")
    write(WriteFile(path, store.with_driver_opts(text, environment_of(wanted)), mode=0o600, owner=owner))


def quoted(value: str) -> str:
    """One field of CSV, as which buildx reads each --driver-opt: `env.no_proxy=a,b` needs quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([value])
    return text.getvalue()


@contextlib.contextmanager
def _configuration(wanted: Instance, user: str) -> t.Iterator[t.Optional[str]]:
    """buildkitd.toml and its certificates as files that *user* alone can read, for as long as buildx reads them."""
    if not wanted.config.strip():
        yield None
        return
    entry = user_entry(user)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="multiarch-builders-"))
    try:
        text = wanted.config.replace(INSIDE, f"{folder}/{CERTIFICATES}")
        files = {TOML: text, **{CERTIFICATES + name: pem for name, pem in wanted.certificates.items()}}
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(content, encoding="utf-8")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        yield str(folder / TOML)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bootstrap(builder: str, user: str) -> None:
    """Start the builder's container, or make it anew from the store."""
    require_running(builder, user, buildx(user, "inspect", "--bootstrap", builder))


def require_running(builder: str, user: str, former: Outcome) -> None:
    """Raise HostError unless every node of the builder runs; *former* is what was done before, for its words."""
    shown = buildx(user, "inspect", builder).stdout
    statuses, errors = node_states(shown)
    if not statuses or errors or any(each != "running" for each in statuses):
        found = "; ".join((*errors, *(f"status {each}" for each in statuses))) or "no node"
        raise HostError(f"builder {builder} of {user} does not run ({found}): {former.words}")


def node_states(shown: str) -> t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]:
    """(status of each node, errors) of `docker buildx inspect`; its exit status is 0 also for a dead node."""
    statuses = re.findall(r"^Status:\s+(\S+)", shown, re.MULTILINE)
    return tuple(statuses), tuple(re.findall(r"^Error:\s+(.+)", shown, re.MULTILINE))
