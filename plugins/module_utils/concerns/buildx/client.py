# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx client, run as the user whose store it changes. Its exit status proves nothing: the state is checked."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shlex
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import remote_tls, store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import UseBuilder
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import endpoint_of, options_of
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import CERTIFICATES, TOML
from ansible_collections.multiarch.builders.plugins.module_utils.docker import buildx_inspect
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

INSIDE = "/etc/buildkit/certs/"


def buildx(user: str, *arguments: str, store_at: t.Optional[str] = None) -> Outcome:
    """Run buildx as *user*, with the user's own store, or the one in the directory *store_at*."""
    return run(["docker", "buildx", *arguments], user=user, env={"BUILDX_CONFIG": store_at} if store_at else None)


def use(step: UseBuilder) -> None:
    """Make a builder the user's current one, whatever endpoint or context is set (`--global`)."""
    buildx(step.user, "use", "--global", step.instance.name)


def create(wanted: Instance, user: str) -> None:
    """Create the builder in the store of *user*, node by node, and start its containers, or adopt running ones."""
    if wanted.driver == "remote":
        _create_elsewhere(wanted, user)
        return
    secret = {node.name.lower(): environment_of(wanted, node) for node in wanted.nodes}
    at_once = len(wanted.nodes) == 1 and not any(secret.values())
    with _configuration(wanted, user) as config:
        for number, node in enumerate(wanted.nodes):
            more = ["--append"] if number else []
            more += ["--bootstrap"] if at_once else []
            outcome = buildx(user, *create_arguments(wanted, node, config, user), *more, *_endpoint(wanted, node))
            _require_node(wanted, node, outcome, user, store.entry_path(user, wanted.name))
    if any(secret.values()):
        _add_options(wanted, user, secret)
    if not at_once:
        outcome = buildx(user, "inspect", "--bootstrap", wanted.name)
    require_running(wanted.name, user, outcome)


def _create_elsewhere(wanted: Instance, user: str) -> None:
    """Create a builder of the driver remote in an empty store, and copy its entry to that of *user*.

    buildx gives each builder without --config the user's buildkitd.default.toml, if it exists, and the driver remote
    rejects any (docker/buildx, builder/builder.go, driver/remote/factory.go).
    """
    entry = user_entry(user)
    with scratch() as folder:
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        made = f"{folder}/instances/{wanted.name.lower()}"
        for number, node in enumerate(wanted.nodes):
            more = ["--append"] if number else []
            arguments = [*create_arguments(wanted, node, None, user), *more, *_endpoint(wanted, node)]
            outcome = buildx(user, *arguments, store_at=str(folder))
            _require_node(wanted, node, outcome, user, made)
        text = read(made, owner_of(user)) or ""
        write(WriteFile(store.entry_path(user, wanted.name), text, mode=0o600, owner=owner_of(user)))
    if not any(node.serve for node in wanted.nodes):  # whose host the same run may provision; the proof uses it
        require_running(wanted.name, user, buildx(user, "inspect", "--bootstrap", wanted.name))


def create_arguments(wanted: Instance, node: Node, config: t.Optional[str], user: str) -> t.Tuple[str, ...]:
    """The arguments of `docker buildx` for one node, without its endpoint; *config* is the path of buildkitd.toml."""
    arguments = ["create", "--name", wanted.name, "--node", node.name, "--driver", wanted.driver]
    if node.platforms:
        arguments += ["--platform", ",".join(node.platforms)]
    secret = environment_of(wanted, node)
    for name, value in {**options_of(wanted, node), **remote_tls.placed_options(wanted, node, user)}.items():
        if name not in secret:
            arguments += ["--driver-opt", quoted(f"{name}={value}")]
    if wanted.flags:
        arguments += ["--buildkitd-flags", shlex.join(wanted.flags)]
    if config:
        arguments += ["--config", config]  # the option's name in every buildx since 0.3
    return tuple(arguments)


def _endpoint(wanted: Instance, node: Node) -> t.List[str]:
    """kubernetes has none: buildx uses the user's current kubectl context."""
    return [] if wanted.driver == "kubernetes" else [endpoint_of(node.endpoint)]


def environment_of(wanted: Instance, node: Node) -> t.Dict[str, str]:
    """The driver options `env.NAME`: a proxy's may hold a password, and any user can read arguments."""
    return {name: value for name, value in options_of(wanted, node).items() if name.startswith("env.")}


def _require_node(wanted: Instance, node: Node, created: Outcome, user: str, path: str) -> None:
    """Raise unless the entry at *path* has *node* now: buildx removes a node that does not answer."""
    text = read(path, owner_of(user))
    names = [each.name.lower() for each in store.parse(text).nodes] if text else []
    if node.name.lower() not in names:
        from ansible_collections.multiarch.builders.plugins.module_utils.causes import remedies
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import explanation

        cause = explanation.of_missing_node(node, user, created)
        what = f"node {node.name} of builder {wanted.name} of {user} cannot be created"
        raise HostError(what, cause, remedies.of_builder(cause), created.said)


def _add_options(wanted: Instance, user: str, options: t.Mapping[str, t.Mapping[str, str]]) -> None:
    """Add options to the entry that buildx made, before the containers are created."""
    path, owner = store.entry_path(user, wanted.name), owner_of(user)
    text = read(path, owner)
    if text is None:
        raise HostError(f"{path} disappeared during the run: run again")
    write(WriteFile(path, store.with_driver_opts(text, options), mode=0o600, owner=owner))


def quoted(value: str) -> str:
    """A CSV field, because buildx parses each --driver-opt as CSV: `env.no_proxy=a,b` needs quotes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([value])
    return text.getvalue()


@contextlib.contextmanager
def _configuration(wanted: Instance, user: str) -> t.Iterator[str]:
    """buildkitd.toml and its certificates as files that only *user* can read, for as long as buildx needs them."""
    entry = user_entry(user)
    with scratch() as folder:
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


def bootstrap(builder: str, user: str) -> None:
    """Start the builder's container, or recreate it from the store."""
    require_running(builder, user, buildx(user, "inspect", "--bootstrap", builder))


def require_running(builder: str, user: str, former: Outcome) -> None:
    """Raise HostError with the cause unless all nodes of the builder run; *former* is the attempt to start them."""
    found = buildx_inspect.parse(buildx(user, "inspect", builder).stdout)
    statuses = [node.status for node in found.nodes if node.status]
    if not statuses or found.errors or any(each != "running" for each in statuses):
        from ansible_collections.multiarch.builders.plugins.module_utils.causes import remedies
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import explanation

        why = explanation.of_builder(found, user, former)
        remedy = remedies.of_builder(why.cause)
        raise HostError(f"builder {builder} of {user} does not run", why.cause, remedy, why.said)
