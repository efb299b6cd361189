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

import testinfra
from ansible import constants
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import result_files
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.checks import Check
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError, output
from testinfra.host import Host

_HERE = Path(__file__).resolve().parent
_INVENTORY = "inventory.json"  # of testinfra, without templates
_SHARED_SSH = "-o ControlMaster=auto -o ControlPersist=30s -o ControlPath={folder}/%C"

# What a check may be about, in the order of its name.
PARAMETERS = ("user", "builder", "registry", "way", "who", "platform", "concern")


class FleetError(Exception):
    """There is nothing to check; the text says why."""


def write_down(folder: Path, inventory: str | None, pattern: str, collections: Path) -> None:
    """Have Ansible write the desired state of each host of *pattern* into *folder*. Raises FleetError."""
    done = _playbook(_HERE / "asked.yml", inventory, pattern, collections, {"verification_folder": str(folder)})
    hosts = read(folder)
    if "no hosts to target" in done.stderr or (done.returncode == 0 and not hosts):
        raise FleetError(f"No host of group builders matches {pattern!r}: pass your inventory with --ansible-inventory")
    if done.returncode != 0:
        raise FleetError(f"The inventory cannot be used:\n{done.stdout}{done.stderr}")
    variables = {name: {**asked.connection, **_with_shared_ssh(asked, folder)} for name, asked in hosts.items()}
    text = json.dumps({"all": {"hosts": variables}})
    with os.fdopen(os.open(folder / _INVENTORY, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _with_shared_ssh(asked: Asked, folder: Path) -> dict[str, str]:
    given = str(asked.connection.get("ansible_ssh_common_args", ""))
    if "controlpath" in given.lower():
        return {}
    return {"ansible_ssh_common_args": f"{given} {_SHARED_SSH.format(folder=folder)}".strip()}


def read(folder: Path) -> dict[str, Asked]:
    """What write_down() wrote, by host."""
    return _read(folder, tuple(sorted(folder.glob("*.json"))))


@functools.cache
def _read(_folder: Path, paths: Sequence[Path]) -> dict[str, Asked]:
    documents = (json.loads(path.read_text(encoding="utf-8")) for path in paths if path.name != _INVENTORY)
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
    remedy = f"Check that it runs and that ssh works: `ansible -i INVENTORY {asked.host} -m ping`"
    where = {"ansible_inventory": str(folder / _INVENTORY)} if asked.direct else {"ansible_inventory": inventory}
    host = testinfra.get_host(f"ansible://{asked.host}", force_ansible=not asked.direct, **where)
    try:
        done = host.run("id -u")
    except (RuntimeError, AssertionError) as exc:  # testinfra's, for status 255 of ssh
        words = getattr(exc.args[0], "stderr", "") if exc.args else ""
        said = str(words or exc).strip()
        raise CheckFailedError(f"the host is unreachable: {of_ssh(said)}", said, remedy=remedy) from None
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
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
