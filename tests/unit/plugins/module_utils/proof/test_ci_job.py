# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a runner's jobs from the builder, told from its processes."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_job import hindrances, in_files
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_processes import HIDDEN, READ_ONLY, Process
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

UNIT = "actions.runner.acme.service"
DOCKER = 102
LED = "so its jobs do not see the builder: remove it, and restart"


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
                f"{UNIT} of ci has BUILDX_BUILDER=other, {LED}",
                f"{UNIT} of ci has DOCKER_CONFIG=/opt/docker, {LED}",
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


RUNNER, COMMON = "/home/ci/actions-runner/.env", "/etc/environment"


@pytest.mark.parametrize(
    ("text", "file", "found", "words"),
    [
        pytest.param("LANG=C\nBUILDX_BUILDER=multiarch\n", COMMON, [], [], id="as it should be"),
        pytest.param("LANG=C\n", "", [process()], [], id="no file"),
        pytest.param(
            "export DOCKER_HOST='tcp://docker:2375'\n",
            COMMON,
            [],
            [f"{COMMON}, from which jobs of ci have their environment, has DOCKER_HOST=tcp://docker:2375, {LED}"],
            id="the file of builder_environment_file",
        ),
        pytest.param(
            "DOCKER_CONFIG=/opt/docker\n",
            RUNNER,
            [replace(process(), reads=RUNNER)] * 2,
            [f"{RUNNER}, from which jobs of ci have their environment, has DOCKER_CONFIG=/opt/docker, {LED}"],
            id="the same file of a runner: once",
        ),
        pytest.param(
            "BUILDX_BUILDER=multiarch\n",
            "",
            [replace(process(), reads=RUNNER, behind=True)],
            [f"{UNIT} of ci was started before {RUNNER} was changed: restart it"],
            id="a runner that has not read it yet",
        ),
        pytest.param(
            "LANG=C\n", "", [replace(process(), reads=RUNNER, behind=True)], [], id="a change of something else"
        ),
    ],
)
def test_files_with_the_environment_of_jobs(
    text: str, file: str, found: list[Process], words: list[str], tmp_path: Path
) -> None:
    for path in (RUNNER, COMMON):
        (tmp_path / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path[1:]).write_text(text)
    entry = pwd.struct_passwd(("ci", "x", os.geteuid() or 1000, os.getegid(), "", "/home/ci", "/bin/sh"))
    with standing_on(replace(here(), users=TheseUsers({"ci": entry}))):
        assert in_files(found, entry, "multiarch", file) == words


def test_files_that_are_missing_or_of_others_are_not_this_users(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("DOCKER_HOST=tcp://docker:2375\n")
    (tmp_path / "env").chmod(0o600)
    other = (tmp_path / "env").stat().st_uid
    entry = pwd.struct_passwd(("ci", "x", other + 1, 1, "", "/home/ci", "/bin/sh"))
    root = pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "/bin/sh"))
    assert in_files([], entry, "multiarch", "/missing") == []
    assert in_files([], root, "multiarch", "/env") == []
    if other != 0:
        assert in_files([], entry, "multiarch", "/env") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could be led elsewhere")
def test_a_users_link_leads_root_to_no_file_of_its_own() -> None:
    nobody = 65534
    place = Path(tempfile.mkdtemp(dir="/var/tmp"))
    try:
        (place / "roots").write_text("DOCKER_HOST=tcp://secret:2375\n")
        (place / "roots").chmod(0o600)
        place.chmod(0o755)
        runner = place / "runner"
        runner.mkdir()
        (runner / ".env").symlink_to("../roots")
        for each in (runner, runner / ".env"):
            os.chown(each, nobody, nobody, follow_symlinks=False)
        entry = pwd.struct_passwd(("ci", "x", nobody, nobody, "", str(runner), "/bin/sh"))
        with standing_on(Host(users=TheseUsers({"ci": entry}))):
            assert in_files([], entry, "multiarch", str(runner / ".env")) == []
            assert len(in_files([], entry, "multiarch", str(place / "roots"))) == 1, "which its unit reads as root"
    finally:
        shutil.rmtree(place)
