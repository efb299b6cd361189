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
from ansible_collections.multiarch.builders.plugins.action.replay import Prepared, source_of
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


@pytest.mark.parametrize(
    ("given", "folder", "same"),
    [
        pytest.param({"platforms": ["amd64"]}, "/inventory", True, id="the same input"),
        pytest.param({"platforms": ["arm64"]}, "/inventory", False, id="other input"),
        pytest.param({"platforms": ["amd64"]}, "/other", False, id="other files beside the inventory"),
        pytest.param({"instances": 5}, "/inventory", False, id="wrong input"),
    ],
)
def test_hosts_with_the_same_input_are_compiled_once(given: dict[str, Any], folder: str, same: bool) -> None:
    one = source_of({"platforms": ["amd64"]}, {"inventory_dir": "/inventory", "inventory_hostname": "one"})
    assert (source_of(given, {"inventory_dir": folder, "inventory_hostname": "two"}) == one) is same


def test_nodes_of_builders_depend_on_the_host() -> None:
    given = {"instances": [{"name": "multiarch", "nodes": [{"host": "one"}]}]}
    assert source_of(given, {"inventory_hostname": "one"}) != source_of(given, {"inventory_hostname": "two"})


def script(path: Path, text: str) -> str:
    """An executable shell script; its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_each_host_has_its_own_connection_become_and_python(tmp_path: Path) -> None:
    """With ansible-playbook, so with its own plugins; programs of the test stand in for Python and sudo."""
    sudo = script(tmp_path / "sudo", 'echo "$*" >>"$0.calls"; while [ "$1" != /bin/sh ]; do shift; done; exec "$@"')
    hosts: dict[str, Any] = {}
    for name in ("plain", "other"):
        said = f"{replay.MARK}{json.dumps({'result': {'notes': [{'text': f'note of {name}'}]}})}"
        hosts[name] = {"ansible_python_interpreter": script(tmp_path / name, f"cat >$0.stdin; echo '{said}'")}
    hosts["other"] |= {"ansible_become": True, "ansible_become_user": "ci", "ansible_become_exe": sudo}
    hosts["broken"] = {"ansible_python_interpreter": script(tmp_path / "broken", "cat >/dev/null; exit 3")}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}))
    task = {"multiarch.builders.replay": {}, "run_once": True}
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections"), "ANSIBLE_NOCOLOR": "1"}
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-v", "-i", "hosts.json", "play.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("plain", "other"):
        assert f"<{name}> unchanged since the last full plan\n{name}: note of {name}\n" in done.stdout
        assert (tmp_path / f"{name}.stdin").read_text().startswith(Path(replay.__file__).read_text())
    assert "<broken> full plan: no answer (status 3): " in done.stdout
    assert (tmp_path / "sudo.calls").read_text().count("-u ci /bin/sh -c ") == 1
