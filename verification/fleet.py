# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet as Ansible knows it: each host's desired state, how to reach it, and the run of verify-builders.yml."""

from __future__ import annotations

import fcntl
import functools
import itertools
import json
import os
import subprocess
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ansible import constants
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import result_files
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.checks import Check
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError, output
from ansible_collections.multiarch.builders.verification.reaching import Direct, LostError, ThroughAnsible
from testinfra.host import Host

_HERE = Path(__file__).resolve().parent
GROUP = "builders"
_HOSTS = "hosts"  # the folder of what Ansible wrote down, a file a host

# What a check may be about, in the order of its name.
PARAMETERS = ("user", "builder", "registry", "way", "who", "platform", "concern")


class FleetError(Exception):
    """There is nothing to check; the text says why."""


def write_down(folder: Path, inventory: str | None, pattern: str, collections: Path) -> None:
    """Have Ansible write the desired state of each host of *pattern* into *folder*. Raises FleetError."""
    (folder / _HOSTS).mkdir(mode=0o700)
    variables = {"verification_folder": str(folder / _HOSTS)}
    done = _playbook(_HERE / "asked.yml", inventory, pattern, collections, variables)
    hosts = read(folder)
    if "no hosts to target" in done.stderr or (done.returncode == 0 and not hosts):
        raise FleetError(f"No host of group builders matches {pattern!r}: pass your inventory with --ansible-inventory")
    if done.returncode != 0:
        raise FleetError(f"Ansible cannot use the inventory, or finds no host in it:\n{done.stdout}{done.stderr}")


def read(folder: Path) -> dict[str, Asked]:
    """What write_down() wrote, by host."""
    return _read(tuple(sorted((folder / _HOSTS).glob("*.json"))))


@functools.cache
def _read(paths: Sequence[Path]) -> dict[str, Asked]:
    documents = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    return {each["host"]: Asked(**each) for each in documents}


def rows(asked: Asked, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The values of the parameters *names* on this host."""
    builders = [each["name"] for each in asked.instances] if "buildx" in asked.concerns else []
    if "who" in names:
        pairs = asked.ways if "way" in names else asked.logins
        yield from (tuple(each) for each in pairs if "trust" in asked.concerns)
        return
    values = {
        "user": asked.users,
        "builder": builders,
        "registry": list(asked.authorities) if "trust" in asked.concerns else [],
        "platform": asked.platforms if {"binfmt", "buildx"} & set(asked.concerns) else [],
        "concern": asked.concerns,
    }
    yield from itertools.product(*(values[name] for name in names))


def connect(asked: Asked, folder: Path, inventory: str | None) -> Host:
    """The host as root. Raises CheckFailedError if it is unreachable."""
    backend = Direct(asked.host, asked.connection, folder) if asked.direct else ThroughAnsible(asked.host, inventory)
    host = Host(backend)
    backend.set_host(host)
    try:
        done = host.run("id -u")
    except LostError as exc:
        raise LostError(asked.host, exc.said, "the host is unreachable") from None
    if done.stdout.strip() != "0":
        message = "the host is reached, but not as root"
        raise CheckFailedError(
            message, output(done), remedy="Set `ansible_become: true`, with a sudo that needs no password"
        )
    return host


def prove(folder: Path, inventory: str | None, pattern: str, collections: Path) -> Mapping[str, dict[str, Check]]:
    """{host: {name: check}} of verify-builders.yml, which the first process runs; all others wait for it."""
    results, log = folder / "results", folder / "verify-builders.log"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            playbook = _HERE.parent / "playbooks/verify-builders.yml"
            done = _playbook(playbook, inventory, pattern, collections, {"builder_verify_results": str(results)})
            log.write_text(done.stdout + done.stderr, encoding="utf-8")
    path = results / result_files.JSON_FILE
    if not path.exists():
        said = log.read_text(encoding="utf-8")
        evidence = told("output of ansible-playbook", said, 60)
        raise CheckFailedError("verify-builders.yml did not finish", evidence, remedy="Run it by hand")
    found = result_files.from_json(path.read_text(encoding="utf-8"))
    return {host: {each.name: each for each in checks} for host, checks in found.items()}


def _playbook(
    playbook: Path,
    inventory: str | None,
    pattern: str,
    collections: Path,
    variables: Mapping[str, t.Any],
) -> subprocess.CompletedProcess[str]:
    """Run a playbook on the hosts of *pattern*, with the collection next to this directory taking precedence."""
    command = ["ansible-playbook", str(playbook), "--limit", pattern, "--extra-vars", json.dumps(variables)]
    command += ["--inventory", inventory] if inventory else []
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(collections), *constants.COLLECTIONS_PATHS]),
        "ANSIBLE_NOCOLOR": "1",
    }
    if pattern != GROUP:  # a host that does not exist would only be a warning, and the others pass
        environment["ANSIBLE_HOST_PATTERN_MISMATCH"] = "error"
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
