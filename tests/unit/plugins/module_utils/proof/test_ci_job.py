# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a runner's jobs from the builder, told from its processes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_job import hindrances
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_processes import HIDDEN, READ_ONLY, Process

UNIT = "actions.runner.acme.service"
DOCKER = 102


def process(unit: str = UNIT, groups: tuple[int, ...] = (1000, DOCKER), **environment: str) -> Process:
    return Process("Runner.Listener", unit, frozenset(groups), environment)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param([process()], [], id="as it should be"),
        pytest.param([process(BUILDX_BUILDER="multiarch")], [], id="the right builder is named"),
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
        pytest.param(
            [
                replace(process(unit="agent.service", groups=(1000,)), manager="user@1000.service"),
                replace(process(unit="tmux-spawn.scope", groups=(1000,)), manager="user@1000.service"),
            ],
            [
                "agent.service of ci was started before ci joined the group docker: systemctl restart"
                " user@1000.service",
                "tmux-spawn.scope of ci was started before ci joined the group docker: stop it, and start it again",
            ],
            id="of the user's own systemd, which has the groups of its start",
        ),
        pytest.param(
            [
                replace(process(), shut={"/home/ci/.docker/buildx": HIDDEN, "/var/run/docker.sock": HIDDEN}),
                replace(process(unit="b.service"), shut={"/home/ci/.docker/buildx": READ_ONLY}),
            ],
            [
                f"{UNIT} of ci does not see /home/ci/.docker/buildx: remove what hides it from its unit (ProtectHome=,"
                " InaccessiblePaths= and the like), and restart",
                f"{UNIT} of ci does not see /var/run/docker.sock: remove what hides it from its unit (ProtectHome=,"
                " InaccessiblePaths= and the like), and restart",
                "b.service of ci may not write to /home/ci/.docker/buildx, as buildx does: add"
                " ReadWritePaths=/home/ci/.docker to its unit, and restart",
            ],
            id="a sandbox",
        ),
    ],
)
def test_hindrances(found: list[Process], words: list[str]) -> None:
    assert hindrances(found, "ci", "/home/ci", "multiarch", (DOCKER, "docker")) == words


def test_a_user_who_needs_no_group_is_not_asked_for_one() -> None:
    assert hindrances([process(groups=(1000,))], "ci", "/home/ci", "multiarch", None) == []
