# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a user, read from a folder like /proc."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.proof.ci_processes import (
    HIDDEN,
    Process,
    dot_env,
    leads_elsewhere,
    processes_of,
    unit_of,
    variables_in,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

UNIT = "actions.runner.acme.service"
STORE, SOCKET = "/home/ci/.docker/buildx", "/var/run/docker.sock"


@pytest.fixture(autouse=True)
def _users(tmp_path: Path) -> Iterator[None]:
    """The store of ci, whose home has a second path, and Docker's socket."""
    (tmp_path / STORE[1:]).mkdir(parents=True)
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv/ci").symlink_to("../home/ci")
    (tmp_path / "var/run").mkdir(parents=True)
    (tmp_path / SOCKET[1:]).touch()
    (tmp_path / "run").symlink_to("var/run")
    ids = {"root": (0, 0, "/root"), "ci": (1000, 1000, "/home/ci")}
    entries = {
        name: pwd.struct_passwd((name, "x", uid, gid, "", home, "/bin/sh")) for name, (uid, gid, home) in ids.items()
    }
    with standing_on(replace(here(), users=TheseUsers(entries))):
        yield


def put(tmp_path: Path, pid: int, cgroup: str, environ: bytes = b"", *, uid: int = 1000, state: str = "S") -> Path:
    folder = tmp_path / f"proc/{pid}"
    folder.mkdir(parents=True)
    lines = (f"State:\t{state} (x)", f"Uid:\t0\t{uid}\t{uid}\t{uid}", "Gid:\t1000\t1000\t1000\t1000", "Groups:\t102 ")
    (folder / "status").write_text("\n".join(["Name:\tagent", *lines, ""]))
    (folder / "cgroup").write_text(f"1:name=systemd:/x\n0::/{cgroup}\n")
    (folder / "environ").write_bytes(environ)
    return folder


def test_the_processes_of_a_user(tmp_path: Path) -> None:
    put(tmp_path, 10, f"system.slice/{UNIT}", b"HOME=/opt\0TOKEN=secret\0DOCKER_HOST=tcp://a=b\0broken\0")
    put(tmp_path, 11, "user.slice/user-1000.slice/user@1000.service/init.scope")
    put(tmp_path, 12, f"system.slice/{UNIT}", uid=1001)
    put(tmp_path, 13, f"system.slice/{UNIT}", state="Z")
    put(tmp_path, 15, "user.slice/user-1000.slice/user@1000.service/app.slice/agent.service", b"HOME=/home/ci\0")
    (tmp_path / "proc/14").mkdir()  # it ended meanwhile
    (tmp_path / "proc/self").mkdir()
    groups = frozenset({1000, 102})
    assert processes_of("ci") == (
        Process("agent", UNIT, groups, {"HOME": "/opt", "DOCKER_HOST": "tcp://a=b"}),
        Process("agent", "agent.service", groups, {}, "user@1000.service"),
    )
    assert processes_of("root") == ()


def test_who_has_the_same_number_in_a_container_is_another_user(tmp_path: Path) -> None:
    for name, namespace in (("self", 1), ("10", 1), ("11", 2)):
        if name != "self":
            put(tmp_path, int(name), f"system.slice/{name}.service")
        (tmp_path / f"proc/{name}/ns").mkdir(parents=True)
        (tmp_path / f"proc/{name}/ns/pid").symlink_to(f"pid:[{namespace}]")
    assert [each.unit for each in processes_of("ci")] == ["10.service"]


@pytest.mark.parametrize(
    ("seen", "shut"),
    [
        pytest.param([STORE, SOCKET], {}, id="all"),
        pytest.param([SOCKET], {STORE: HIDDEN}, id="no home: ProtectHome=yes"),
        pytest.param(["/home/ci/.docker", "/etc"], {STORE: HIDDEN, SOCKET: HIDDEN}, id="neither"),
        pytest.param(None, {}, id="it has ended"),
    ],
)
def test_what_a_sandbox_withholds(seen: list[str] | None, shut: dict[str, str], tmp_path: Path) -> None:
    folder = put(tmp_path, 10, f"system.slice/{UNIT}")
    for path in seen or ():
        (folder / f"root{path}").mkdir(parents=True)
    assert [each.shut for each in processes_of("ci")] == [shut]


@pytest.mark.parametrize(
    ("program", "file"),
    [
        ("/home/ci/actions-runner/bin/Runner.Listener", "/home/ci/actions-runner/.env"),
        ("/opt/r/bin.2.321.0/Runner.Listener", "/opt/r/.env"),
        ("/opt/r/bin/Runner.Listener (deleted)", "/opt/r/.env"),
        ("/opt/r/bin/Runner.Worker", ""),
        ("/usr/bin/sleep", ""),
        ("", ""),
    ],
)
def test_the_file_of_a_runner_of_github(program: str, file: str) -> None:
    assert dot_env(program) == file


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB = 2\n# C=3\nexport D=4\n", {"A": "1", "D": "4"}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=\"1 2\"\nB='3'\nC=it's\nD=\r\n", {"A": "1 2", "B": "3", "C": "it's", "D": ""}),
        ("", {}),
    ],
)
def test_lines_of_a_file_of_variables(text: str, found: dict[str, str]) -> None:
    assert variables_in(text) == found


def test_of_root_only_runners_are_looked_at(tmp_path: Path) -> None:
    put(tmp_path, 10, "system.slice/cron.service", b"DOCKER_HOST=tcp://a\0", uid=0)
    (put(tmp_path, 11, f"system.slice/{UNIT}", uid=0) / "exe").symlink_to("/opt/runner/bin/Runner.Listener")
    assert [(each.unit, each.reads) for each in processes_of("root")] == [(UNIT, "/opt/runner/.env")]


@pytest.mark.parametrize(("changed", "behind"), [(1000, False), (1100, False), (1102, True)])
def test_a_runner_that_is_older_than_its_file(changed: int, behind: bool, tmp_path: Path) -> None:
    """It was started 100 s after the boot, which was at 1000."""
    folder = put(tmp_path, 10, f"system.slice/{UNIT}")
    (folder / "exe").symlink_to("/home/ci/runner/bin/Runner.Listener")
    ticks = 100 * os.sysconf("SC_CLK_TCK")
    (folder / "stat").write_text(f"10 (Runner.Listener) S {' '.join(['1'] * 18)} {ticks} 0")
    (tmp_path / "proc/stat").write_text("cpu 1 2\nbtime 1000\n")
    (tmp_path / "home/ci/runner").mkdir()
    (tmp_path / "home/ci/runner/.env").touch()
    os.utime(tmp_path / "home/ci/runner/.env", (changed, changed))
    (found,) = processes_of("ci")
    assert (found.reads, found.behind) == ("/home/ci/runner/.env", behind)


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        (f"0::/system.slice/{UNIT}", (UNIT, "")),
        ("0::/system.slice/system-buildbot\\x2dworker.slice/worker@a.service", ("worker@a.service", "")),
        (f"0::/system.slice/{UNIT}/supervisor", (UNIT, "")),
        ("0::/user.slice/user-1000.slice/session-3.scope", ("session-3.scope", "")),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/app.slice/agent.service",
            ("agent.service", "user@1000.service"),
        ),
        (
            "0::/user.slice/user-1000.slice/user@1000.service/tmux-spawn-1.scope",
            ("tmux-spawn-1.scope", "user@1000.service"),
        ),
        ("0::/user.slice/user-1000.slice/user@1000.service", ("user@1000.service", "")),
        ("0::/", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_unit_of_a_process(cgroup: str, unit: tuple[str, str]) -> None:
    assert unit_of(cgroup) == unit


@pytest.mark.parametrize(
    ("name", "same", "elsewhere"),
    [
        ("HOME", ["/home/ci", "/home/ci/", "/srv/ci", "", None], ["/", "/home/other", "home/ci"]),
        ("DOCKER_CONFIG", ["/home/ci/.docker", "/srv/ci/.docker/", ""], ["/home/ci", ".docker", "/opt/docker"]),
        ("BUILDX_CONFIG", [STORE, "/srv/ci/.docker/buildx", ""], ["/home/ci/.docker", "/opt"]),
        (
            "DOCKER_HOST",
            [f"unix://{SOCKET}", "unix:///run/docker.sock", ""],
            ["tcp://127.0.0.1:2375", "unix:///run/user/1000/docker.sock", "ssh://ci@a", "unix://"],
        ),
        ("DOCKER_CONTEXT", ["default", ""], ["rootless"]),
        ("BUILDX_BUILDER", ["", None], ["multiarch"]),
        ("BUILDKIT_HOST", [""], ["tcp://a:1234"]),
        ("DOCKER_TLS_VERIFY", ["", None], ["1", "0"]),
        ("DOCKER_TLS", ["", None], ["1"]),
    ],
)
def test_what_a_variable_leads_to(name: str, same: list[str | None], elsewhere: list[str]) -> None:
    assert [each for each in same if leads_elsewhere(name, each, "/home/ci")] == []
    assert [each for each in elsewhere if not leads_elsewhere(name, each, "/home/ci")] == []
