# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite reaches a host as Ansible does, by the same command line of ssh, and waits for no command for ever."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.verification import fleet, reaching
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError
from testinfra.host import Host

ROOT = Path(__file__).resolve().parents[3]
COLLECTIONS = ROOT / ".ansible/collections"
BIN = Path(sys.executable).parent
HERE: dict[str, Any] = {"become": [], "ssh": []}
# The other end of ssh, a shell that gets the command as one argument.
SHELL: dict[str, Any] = {"become": ["env", "A=b c"], "ssh": ["/bin/sh", "-c", 'eval "$1" # no ControlPath', "h"]}
# It notes what it is called with, and answers as root.
SSH = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["NOTED"], "a") as file:
    file.write(json.dumps(sys.argv) + "\\n")
print(0)
"""
# What a user may have, by host; in ansible.cfg a jump host, a timeout, and that nobody becomes another.
DIRECT: dict[str, dict[str, Any]] = {
    "plain": {},
    "inventory": {"ansible_host": "192.0.2.1"},
    "a/b": {"ansible_host": "2001:db8::1", "ansible_port": 2222},
    "user": {"ansible_user": "deploy@corp.example", "ansible_ssh_private_key_file": "~/keys/a key"},
    "options": {
        "ansible_ssh_args": "-o ProxyCommand='nc %h %p'",
        "ansible_ssh_extra_args": "-o Compression=yes",
        "ansible_host_key_checking": False,
    },
    "path": {"ansible_ssh_common_args": "-o ControlPath=/run/x -J b"},
    "sudo": {"ansible_become": "yes", "ansible_become_flags": "-H -n", "ansible_user": "{{ somebody }}"},
    "becomes-nobody": {"ansible_host": "c", "ansible_become": "no", "ansible_become_method": "su"},
}
THROUGH_ANSIBLE: dict[str, dict[str, Any]] = {
    "password": {"ansible_password": "x"},
    "password-of-sudo": {"ansible_become": True, "ansible_become_password": "x"},
    "doas": {"ansible_become": True, "ansible_become_method": "su"},
    "key": {"ansible_ssh_private_key": "x"},
    "other": {"ansible_connection": "ansible.builtin.psrp"},
}
CONFIGURATION = """
[defaults]
timeout = 17
remote_user = of-the-configuration
[ssh_connection]
ssh_common_args = -J bastion
[privilege_escalation]
become = False
"""


def asked_of(folder: Path, hosts: dict[str, dict[str, Any]]) -> tuple[dict[str, Asked], Path]:
    """What the suite knows of these hosts, and their inventory."""
    inventory = folder / "hosts.json"
    variables = {"somebody": "ci", "builder_concerns": ["daemon"]}
    inventory.write_text(json.dumps({"builders": {"hosts": hosts, "vars": variables}}))
    work = folder / "written"
    work.mkdir()
    fleet.write_down(work, str(inventory), "builders", COLLECTIONS)
    return fleet.read(work), inventory


@pytest.fixture(autouse=True)
def _users_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ansible.cfg").write_text(CONFIGURATION)
    monkeypatch.setenv("ANSIBLE_CONFIG", str(tmp_path / "ansible.cfg"))
    monkeypatch.setenv("ANSIBLE_LOCAL_TEMP", str(tmp_path / "local"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), str(BIN), os.environ["PATH"]]))


def without_socket(options: list[str]) -> list[str]:
    """*options* without what shares a connection, as the suite has a place of its own for its socket, or asks."""
    ours = ("ControlPath=", "ControlMaster=", "ControlPersist=", "NumberOfPasswordPrompts=")
    found = [each for each in options if not each.startswith(ours) and each != "-tt"]
    return [each for each, after in zip(found, [*found[1:], ""], strict=True) if each != "-o" or "=" in after]


def test_ssh_gets_the_command_line_that_ansible_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ssh").write_text(SSH)
    (tmp_path / "bin/ssh").chmod(0o755)
    found, inventory = asked_of(tmp_path, DIRECT)
    assert {*found} == {*DIRECT}
    monkeypatch.setenv("NOTED", str(tmp_path / "suite"))
    for name, asked in found.items():
        assert asked.direct, name
        assert fleet.connect(asked, tmp_path / "written", str(inventory)).run("true").rc == 0
    monkeypatch.setenv("NOTED", str(tmp_path / "ansible"))
    command = ["ansible", f"--inventory={inventory}", "builders", "-m", "raw", "-a", "true"]
    subprocess.run(command, check=True, capture_output=True)
    ours, theirs = (noted(tmp_path / each) for each in ("suite", "ansible"))
    assert len(ours) == len(DIRECT)
    assert {*ours} == {*theirs}
    for address, argv in ours.items():
        assert without_socket(argv[1:-1]) == without_socket(theirs[address][1:-1])
        assert argv[-1].startswith("sudo ") is theirs[address][-1].startswith("sudo "), address
        sockets = [each for each in argv if each.startswith("ControlPath=")]
        assert sockets == ["ControlPath=/run/x" if address == "path" else f"ControlPath={tmp_path}/written/%C"]


def noted(path: Path) -> dict[str, list[str]]:
    """The last command line for each address."""
    lines: list[list[str]] = [json.loads(line) for line in path.read_text().splitlines()]
    return {each[-2]: each for each in lines}


def test_what_a_command_line_cannot_have_goes_through_ansible(tmp_path: Path) -> None:
    found, _inventory = asked_of(tmp_path, {**THROUGH_ANSIBLE, "local": {"ansible_connection": "local"}})
    assert {name: asked.direct for name, asked in found.items()} == {
        **dict.fromkeys(THROUGH_ANSIBLE, False),
        "local": True,
    }
    assert {json.dumps(found[name].connection) for name in THROUGH_ANSIBLE} == {"{}"}, "nothing secret is written down"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("printf '%s' '{{.SystemTime}} {% raw %}'", id="a template"),
        pytest.param("printf '%s' 'chdir=/nowhere creates=/etc'", id="arguments of the module"),
        pytest.param("printf '%s' \"it's\n two  lines \\\\ 'ä'\"", id="lines, spaces, quotes"),
        pytest.param("cat /nowhere; exit 3", id="a failure"),
    ],
)
def test_a_command_is_the_same_on_each_way(line: str, tmp_path: Path) -> None:
    """Here, by ssh, whose other end is a shell, and through Ansible, which looks for templates and options in it."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"here": here}}}))
    ways = (
        reaching.Direct("here", HERE, tmp_path),
        reaching.Direct("here", SHELL, tmp_path),
        reaching.ThroughAnsible("here", str(tmp_path / "hosts.json")),
    )
    shell = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False)
    expected = (shell.returncode, shell.stdout.decode(), shell.stderr.decode().strip(), line.encode())
    for backend in ways:
        done = Host(backend).run(line)
        assert (done.rc, done.stdout, done.stderr.strip(), done.command) == expected, backend


def test_a_command_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "SECONDS", 1)
    mark = f"{time.time_ns()}"
    with pytest.raises(CheckFailedError, match="did not end within 1 seconds") as told:
        Host(reaching.Direct("here", HERE, tmp_path)).run(f"echo so far; sleep 3{mark[-6:]}; true")
    assert told.value.evidence == ["so far\n"]
    left = subprocess.run(["pgrep", "-f", f"sleep 3{mark[-6:]}"], capture_output=True, check=False)
    assert left.stdout == b""


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("echo 'ssh: connect to host h port 22: No route to host' >&2; exit 255", "No route to", id="lost"),
        pytest.param("exit 255", "ssh ended with 255", id="silent"),
        pytest.param("sleep 100", "did not answer within 2 seconds", id="hangs"),
    ],
)
def test_a_connection_that_is_lost_is_told(
    script: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "SECONDS", 1)
    monkeypatch.setattr(reaching, "_LATE", 1)
    host = Host(reaching.Direct("h", {"become": [], "ssh": ["/bin/sh", "-c", script, "h"]}, tmp_path))
    with pytest.raises(reaching.LostError, match=words) as told:
        host.run("true")
    assert shlex.split(told.value.remedy)[-3:] == ["h", "-m", "ping`"]
