# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a runner's jobs from the builder, told from its processes, which are read from a folder like /proc."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_job import Process, hindrances, processes_of

UNIT = "actions.runner.acme.service"
DOCKER = 102


def process(unit: str = UNIT, groups: tuple[int, ...] = (1000, DOCKER), **environment: str) -> Process:
    return Process("Runner.Listener", unit, frozenset(groups), environment)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param([process(HOME="/home/ci")], [], id="as it should be"),
        pytest.param([process(BUILDX_BUILDER="multiarch")], [], id="the right builder is named"),
        pytest.param([process(DOCKER_HOST="")], [], id="an empty variable is none"),
        pytest.param(
            [process(groups=(1000,)), process(groups=(1000,))],
            [f"{UNIT} of ci was started before ci joined the group docker: systemctl restart {UNIT}"],
            id="started too early: one line a unit",
        ),
        pytest.param(
            [process(unit="session-3.scope", groups=(1000,))],
            [
                "session-3.scope of ci was started before ci joined the group docker: stop it, and start it again",
            ],
            id="an agent in a session of ssh",
        ),
        pytest.param(
            [process(BUILDX_BUILDER="other", DOCKER_CONFIG="/opt/docker")],
            [
                f"{UNIT} of ci has BUILDX_BUILDER=other, so its jobs do not see the builder: remove it",
                f"{UNIT} of ci has DOCKER_CONFIG=/opt/docker, so its jobs do not see the builder: remove it",
            ],
            id="variables that lead elsewhere",
        ),
        pytest.param(
            [process(unit="", HOME="/var/lib/agent")],
            [
                "Runner.Listener of ci has HOME=/var/lib/agent, but the builder is in /home/ci/.docker: fix it, and"
                " restart"
            ],
            id="another home, and no unit",
        ),
    ],
)
def test_hindrances(found: list[Process], words: list[str]) -> None:
    assert hindrances(found, "ci", "/home/ci", "multiarch", (DOCKER, "docker")) == words


def test_a_user_who_needs_no_group_is_not_asked_for_one() -> None:
    assert hindrances([process(groups=(1000,))], "ci", "/home/ci", "multiarch", None) == []


def put(proc: Path, pid: int, uid: int, cgroup: str, environ: bytes, state: str = "S (sleeping)") -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    status = (
        f"Name:\tagent\nState:\t{state}\nUid:\t0\t{uid}\t{uid}\t{uid}\nGid:\t1000\t1000\t1000\t1000\nGroups:\t102 \n"
    )
    (folder / "status").write_text(status)
    (folder / "cgroup").write_text(f"1:name=systemd:/x\n0::/{cgroup}\n")
    (folder / "environ").write_bytes(environ)


def test_the_processes_of_a_user(tmp_path: Path) -> None:
    proc = tmp_path / "proc"
    put(proc, 10, 1000, f"system.slice/{UNIT}", b"HOME=/home/ci\0TOKEN=secret\0DOCKER_HOST=tcp://a=b\0broken\0")
    put(proc, 11, 1000, "user.slice/user-1000.slice/user@1000.service/init.scope", b"")
    put(proc, 12, 1001, f"system.slice/{UNIT}", b"")
    put(proc, 13, 1000, f"system.slice/{UNIT}", b"", state="Z (zombie)")
    (proc / "14").mkdir()  # it ended meanwhile
    (proc / "self").mkdir()
    environment = {"HOME": "/home/ci", "DOCKER_HOST": "tcp://a=b"}
    assert processes_of(1000) == (Process("agent", UNIT, frozenset({1000, 102}), environment),)
    assert processes_of(0) == ()
