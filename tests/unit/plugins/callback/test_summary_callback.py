# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback in real runs of ansible-playbook, on this machine, with an action that touches no host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.callback.summary import CallbackModule
from ansible_collections.multiarch.builders.plugins.plugin_utils.summary import lines

ROOT = Path(__file__).parents[4]
GOOD = "multiarch.builders.spec: {}"
BAD = "multiarch.builders.spec: {platforms: [amd46]}"
OTHER = "ansible.builtin.command: 'true'"


def ran(tmp_path: Path, *tasks: str, options: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """(exit status, what follows the recap) of a playbook with *tasks*."""
    play = tmp_path / "play.yml"
    body = "\n".join(f"    - name: Task {number}\n      {task}" for number, task in enumerate(tasks))
    play.write_text(f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n{body}\n")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    command: list[str | Path] = [
        Path(sys.executable).with_name("ansible-playbook"),
        play,
        "--inventory",
        "localhost,",
        *options,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    told = done.stdout.rpartition("PLAY RECAP")[2].splitlines()
    return done.returncode, [line for line in told[2:] if line]


@pytest.mark.parametrize(
    ("tasks", "status", "told"),
    [
        pytest.param([GOOD], 0, ["localhost: nothing to do"], id="nothing"),
        pytest.param([GOOD, OTHER], 0, ["localhost: changed: 1 other task"], id="changed"),
        pytest.param([OTHER], 0, [], id="a playbook without us"),
        pytest.param(
            [f"{BAD}\n      ignore_errors: true", GOOD], 0, ["localhost: nothing to do"], id="an error that is ignored"
        ),
        pytest.param(
            [f"{BAD}\n      no_log: true"], 2, ["localhost: failed at 'Task 0': (hidden by no_log)"], id="no_log"
        ),
    ],
)
def test_the_end_of_a_run(tasks: list[str], status: int, told: list[str], tmp_path: Path) -> None:
    assert ran(tmp_path, *tasks) == (status, told)


def test_why_something_failed(tmp_path: Path) -> None:
    status, (line,) = ran(tmp_path, BAD)
    assert status == 2
    assert line.startswith("localhost: failed at 'Task 0': platforms[0] = 'amd46': is not a known platform. ")
    assert "Did you mean" in line
    assert "\x1b" not in line, "no terminal, no colours"


def test_a_host_that_differs_has_something_to_do_after_a_survey() -> None:
    callback = CallbackModule()
    failure = {"concern": "trust", "message": "no CA", "cause": "no CA", "remedy": "", "said": ""}
    plan = [{"concern": "daemon", "actions": ["restart docker: why"]}]
    callback.v2_runner_on_ok(ended("survey", changed=False, plan=plan, failures=[failure], notes=[]))
    assert [line.text for line in lines(callback._stories, check_mode=False)] == [
        "h: the next run would change: daemon 1 (restart docker); the next run would fail: trust: no CA"
    ]


def test_what_it_does_not_know_is_no_reason_to_fail() -> None:
    callback = CallbackModule()
    callback.v2_runner_on_ok(object())
    callback.v2_runner_on_failed(object())
    callback.v2_playbook_on_stats(object())


def ended(module: str, **result: Any) -> SimpleNamespace:
    """The end of a task on host h."""
    task = SimpleNamespace(resolved_action=f"multiarch.builders.{module}")
    return SimpleNamespace(task=task, task_name=module, host=SimpleNamespace(get_name=lambda: "h"), result=result)


def event(module: str, text: str) -> SimpleNamespace:
    """The same of one that left a note of something that waits."""
    return ended(module, notes=[{"concern": "daemon", "kind": "waits", "text": text}])


def applied(**changes: list[str]) -> SimpleNamespace:
    """The same of module apply."""
    return ended("apply", changed=True, plan=[{"concern": name, "actions": each} for name, each in changes.items()])


@pytest.mark.parametrize(
    ("events", "told"),
    [
        pytest.param(
            [applied(trust=["write a"]), applied(trust=["write b"], daemon=["reload docker: c"])],
            "trust 2 (write), daemon 1 (reload docker)",
            id="two plays apply",
        ),
        pytest.param([applied(trust=["write a"]), applied()], "trust 1 (write)", id="the second has nothing to do"),
        pytest.param(
            [applied(trust=["write a"]), ended("registry_trust", changed=True, actions=["remove b"])],
            "trust 2 (write, remove)",
            id="a role of its own after it",
        ),
    ],
)
def test_what_several_tasks_changed_is_told_of_all(events: list[SimpleNamespace], told: str) -> None:
    callback = CallbackModule()
    for each in events:
        callback.v2_runner_on_ok(each)
    assert [line.text for line in lines(callback._stories, check_mode=False)] == [f"h: changed: {told}"]
    callback.v2_runner_on_failed(ended("apply", failed=True, msg="no", plan=[]))
    assert [line.text for line in lines(callback._stories, check_mode=False)] == [
        f"h: failed at 'apply' (before: changed: {told}): no"
    ]


def test_what_waits_is_told_of_every_module_and_once() -> None:
    callback = CallbackModule()
    for module, text in (("plan", "as it was"), ("apply", "as it is"), ("retire", "a build"), ("retire", "a build")):
        callback.v2_runner_on_ok(event(module, text))
    assert [line.text for line in lines(callback._stories, check_mode=False)] == ["h: waits: as it is; a build"]
