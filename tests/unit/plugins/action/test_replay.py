# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of traces, over each host's own connection, and what hosts answer: whatever it is, the others go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.multiarch.builders.plugins.action.replay import Prepared
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

ROOT = Path(__file__).parents[4]


def answer(stdout: str = "", stderr: str = "", rc: int = 0) -> dict[str, Any]:
    return {"rc": rc, "stdout": stdout, "stderr": stderr}


@pytest.mark.parametrize(
    ("done", "found"),
    [
        pytest.param(answer(f'{replay.MARK}{{"result": {{}}}}\n'), {"result": {}}, id="a trace that holds"),
        pytest.param(answer(f'Welcome!\n{replay.MARK}{{"why": "x"}}\n'), {"why": "x"}, id="after words of a shell"),
        pytest.param(
            answer(stderr="sudo: no tty", rc=1), {"why": "no answer (status 1): sudo: no tty"}, id="no answer"
        ),
        pytest.param(
            answer(f"{replay.MARK}{{"), {"why": f"no answer (status 0): {replay.MARK}{{"}, id="half an answer"
        ),
        pytest.param(AnsibleConnectionFailure("no route"), {"why": "no route"}, id="unreachable"),
        pytest.param(OSError("no ssh"), {"why": "no ssh"}, id="an error of a connection plugin"),
        pytest.param(AssertionError(), {"why": "AssertionError"}, id="one without a message"),
    ],
)
def test_whatever_a_host_answers(done: dict[str, Any] | Exception, found: dict[str, Any]) -> None:
    closed: list[bool] = []

    def execute(command: str, in_data: bytes) -> dict[str, Any]:
        assert command == "/usr/bin/python3 -ISB -"
        assert in_data.endswith(b"main('key', 60)\n")
        if isinstance(done, Exception):
            raise done
        return done

    connection = SimpleNamespace(close=lambda: closed.append(True))
    action: Any = SimpleNamespace(_connection=connection, _low_level_execute_command=execute)
    assert Prepared(action, "/usr/bin/python3", "key", 60, "").replayed() == found
    assert closed == [True]


def script(path: Path, text: str) -> str:
    """An executable shell script; its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def play(folder: Path, hosts: dict[str, Any], what: dict[str, Any]) -> tuple[int, str]:
    """(exit status, output) of a play; its hosts are this machine."""
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}))
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, **what}]))
    (folder / "ansible.cfg").touch()
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),  # Ansible's defaults; make names the project's
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"),
        "ANSIBLE_CALLBACKS_ENABLED": "multiarch.builders.summary",
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vv", "-i", "hosts.json", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


ONCE = {"tasks": [{"multiarch.builders.replay": {}, "run_once": True}]}


def test_each_host_has_its_own_connection_become_and_python(tmp_path: Path) -> None:
    """With ansible-playbook, so with its own plugins; programs of the test stand in for Python and sudo."""
    sudo = script(tmp_path / "sudo", 'echo "$*" >>"$0.calls"; while [ "$1" != /bin/sh ]; do shift; done; exec "$@"')
    hosts: dict[str, Any] = {}
    for name in ("plain", "other"):
        said = f"{replay.MARK}{json.dumps({'result': {'notes': [{'text': f'note of {name}'}]}})}"
        hosts[name] = {"ansible_python_interpreter": script(tmp_path / name, f"cat >$0.stdin; echo '{said}'")}
    hosts["other"] |= {"ansible_become": True, "ansible_become_user": "ci", "ansible_become_exe": sudo}
    hosts["broken"] = {"ansible_python_interpreter": script(tmp_path / "broken", "cat >/dev/null; exit 3")}
    status, output = play(tmp_path, hosts, ONCE)
    assert status == 0, output
    for name in ("plain", "other"):
        assert f"<{name}> unchanged since the last full plan\n{name}: note of {name}\n" in output
        assert (tmp_path / f"{name}.stdin").read_text().startswith(Path(replay.__file__).read_text())
    assert "<broken> full plan: no answer (status 3): " in output
    assert (tmp_path / "sudo.calls").read_text().count("-u ci /bin/sh -c ") == 1


BAD = {"builder_platforms": ["amd46"]}
# As playbooks have it.
ROLE = {"tasks": [{"import_role": {"name": "multiarch.builders.builder", "rolespec_validate": False}}]}
FAILED = "failed at 'Check the input and find unchanged hosts':"


@pytest.mark.parametrize(
    ("batches", "hosts", "told", "ends"),
    [
        pytest.param(
            {},
            {"ci-1": BAD, "ci-2": BAD},
            ["1 problem in the input; nothing was changed:", "- builder_platforms[0] = 'amd46': is not a known"],
            [f"ci-[1:2]: {FAILED} builder_platforms[0] = 'amd46': is not"],
            id="the same input of all hosts",
        ),
        pytest.param(
            {},
            {"ci-1": {}, "ci-2": BAD, "ci-3": {"builder_users": "root"}},
            [
                "The input of 2 of 3 hosts is invalid; nothing was changed:",
                *("ci-2:", "- builder_platforms[0] = 'amd46': is not", "ci-3:", "- builder_users = 'root'"),
            ],
            [
                f"ci-1: {FAILED} nothing was done, as the input of ci-[2:3]",
                f"ci-2: {FAILED} builder_platforms[0] = 'amd46': is not",
                f"ci-3: {FAILED} builder_users = 'root': ",
            ],
            id="that of two of three",
        ),
        pytest.param(
            {"serial": 1},
            {"ci-1": {}, "ci-2": BAD},
            ["The input of 1 of 2 hosts is invalid; nothing was changed:", "ci-2:"],
            [f"ci-1: {FAILED} nothing was done, as the input of ci-2 is"],
            id="that of a later batch",
        ),
        pytest.param(
            {},
            {"ci-1": {"builder_users": "{{ nobody }}"}, "ci-2": {}},
            ["ci-1:", "- builder_users: cannot be templated: 'nobody' is undefined. "],
            [f"ci-2: {FAILED} nothing was done, as the input of ci-1 is"],
            id="a template",
        ),
    ],
)
def test_invalid_input_of_any_host_stops_the_run_for_all(
    batches: dict[str, Any], hosts: dict[str, Any], told: list[str], ends: list[str], tmp_path: Path
) -> None:
    status, output = play(tmp_path, hosts, ROLE | batches)
    assert status == 2
    message = output.partition('"msg": "')[2].partition('", "problems"')[0].split("\\n")
    assert [line for line in told if not any(each.startswith(line) for each in message)] == [], output
    recap = output.partition("PLAY RECAP")[2].splitlines()
    assert [line for line in ends if not any(each.startswith(line) for each in recap)] == [], recap
    assert output.count("TASK [") == 1


def test_warnings_are_given_for_hosts_that_have_not_changed_too(tmp_path: Path) -> None:
    said = f"{replay.MARK}{json.dumps({'result': {'notes': []}})}"
    python = script(tmp_path / "python", f"cat >/dev/null; echo '{said}'")
    status, output = play(tmp_path, {"ci-1": {"builder_platfroms": [], "ansible_python_interpreter": python}}, ROLE)
    assert status == 0, output
    assert "builder_platfroms: is not a known variable. Did you mean builder_platforms?" in output
    assert "ci-1: nothing to do" in output
    assert "builder : Plan]" not in output
