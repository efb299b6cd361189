# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host answers to the program of traces: whatever it is, the other hosts go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.multiarch.builders.plugins.action.replay import Prepared
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay


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
