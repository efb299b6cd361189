# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of several modules share: our folder on a host, in a temporary place, and a stand-in for dockerd."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import configuration, restart
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import plan as daemon_plan
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import resource as daemon_resource
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import command, files, units
from ansible_collections.multiarch.builders.plugins.module_utils.run.concerns import RESOURCES
from ansible_collections.multiarch.builders.plugins.module_utils.run.retire import RETIRED
from ansible_collections.multiarch.builders.plugins.module_utils.state import rollback
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.blind import make_blind, seen
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import DockerdStandIn


@pytest.fixture(autouse=True)
def _fresh_look_at_units() -> None:
    """What one test's stand-in for systemctl told is not the next one's answer."""
    units.forget()


@pytest.fixture(autouse=True)
def _blind_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """observe() sees all that plan() needs."""
    make_blind((*RESOURCES, *RETIRED), monkeypatch)


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what we remember, not that of this machine."""
    folder = tmp_path / "multiarch-builders"
    monkeypatch.setattr(files, "HOME", folder)
    return folder


@pytest.fixture
def as_root() -> None:
    """What is tested acts as other users, or compares with root's files, so the test is skipped for others."""
    if os.geteuid() != 0:
        pytest.skip("acts as other users")


@pytest.fixture
def home(records: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """/var/lib/multiarch-builders."""
    monkeypatch.setattr(files, "BACKUPS", records / "backups")
    return records


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the homes of root and of the users `ci` and `jane`, who have the ids of whoever runs the tests."""
    folder, entries = tmp_path / "homes", {}
    for name, uid, gid in (("root", 0, 0), ("ci", os.geteuid(), os.getegid()), ("jane", os.geteuid(), os.getegid())):
        (folder / name).mkdir(parents=True)
        entries[name] = pwd.struct_passwd((name, "x", uid, gid, "", str(folder / name), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", seen(entries.__getitem__))
    monkeypatch.setattr(pwd, "getpwuid", seen({each.pw_uid: each for each in reversed(entries.values())}.__getitem__))
    return folder


@pytest.fixture
def daemon_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Path of daemon.json; neither it nor its folder is there yet."""
    path = tmp_path / "docker/daemon.json"
    for module in (rollback, configuration, restart, daemon_plan, daemon_resource):
        monkeypatch.setattr(module, "DAEMON_JSON", str(path))
    return path


@pytest.fixture
def dockerd(tmp_path: Path) -> Iterator[DockerdStandIn]:
    """A stand-in for dockerd, on a socket of its own."""
    with DockerdStandIn(tmp_path / "docker.sock") as running:
        yield running


@pytest.fixture
def docker(dockerd: DockerdStandIn) -> Docker:
    """The client under test, at the stand-in."""
    return Docker(str(dockerd.path))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Make shell scripts that stand in for programs of the host: (name, script) → the file of their calls."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setattr(command, "_PATH", f"{folder}:{command._PATH}")

    def make(name: str, script: str) -> Path:
        calls = tmp_path / f"{name}.calls"
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n{script}\n')
        path.chmod(0o755)
        return calls

    return make


@pytest.fixture
def no_docker(tmp_path: Path) -> Docker:
    """The client under test, where no dockerd listens."""
    return Docker(str(tmp_path / "no.sock"))
