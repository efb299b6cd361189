# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of several modules share: our folder on a host, in a temporary place, and a stand-in for dockerd."""

from __future__ import annotations

import importlib
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import drift
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import units
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import PATH, Host, here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.run.concerns import RESOURCES
from ansible_collections.multiarch.builders.plugins.module_utils.run.retire import RETIRED
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.blind import make_blind
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import DockerdStandIn
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers


@pytest.fixture(autouse=True)
def _fresh_look_at_units() -> None:
    """What one test's stand-in for systemctl told is not the next one's answer."""
    units.forget()


@pytest.fixture(autouse=True)
def _tomllib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts compare TOML as Python 3.11 does, here by its library's former name, unless a test takes it away."""
    if sys.version_info < (3, 11):
        monkeypatch.setattr(drift, "tomllib", importlib.import_module("tomli"))


@pytest.fixture(autouse=True)
def _blind_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """observe() sees all that plan() needs."""
    make_blind((*RESOURCES, *RETIRED), monkeypatch)


@pytest.fixture(autouse=True)
def _host(tmp_path: Path) -> Iterator[None]:
    """The host of a test, an x86_64: its / is the folder `tmp_path`, its users and programs are this machine's."""
    with standing_on(Host(root=str(tmp_path), processor=Processor("x86_64", siblings=frozenset({"386"})))):
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of what we remember, which is not there yet."""
    return tmp_path / HOME.lstrip("/")


@pytest.fixture
def var_tmp(tmp_path: Path) -> Path:
    """The folder of temporary folders."""
    folder = tmp_path / "var/tmp"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def processes(tmp_path: Path) -> None:
    """The host has this machine's kernel: its processes, its boot."""
    (tmp_path / "proc").symlink_to("/proc")


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Path]:
    """The homes of the host's users root, `ci` and `jane`, who have the ids of whoever runs the tests."""
    folder, entries = tmp_path / "homes", {}
    for name in ("root", "ci", "jane"):
        (folder / name).mkdir(parents=True)
        ids = (os.geteuid(), os.getegid())
        entries[name] = pwd.struct_passwd((name, "x", *ids, "", str(folder / name), "/bin/sh"))
    with standing_on(replace(here(), users=TheseUsers(entries))):
        yield folder


@pytest.fixture
def daemon_json(tmp_path: Path) -> Path:
    """Path of daemon.json; neither it nor its folder is there yet."""
    return tmp_path / DAEMON_JSON.lstrip("/")


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
def programs(tmp_path: Path) -> Iterator[Callable[[str, str], Path]]:
    """Make shell scripts that stand in for programs of the host: (name, script) → the file of their calls."""
    folder = tmp_path / "programs"
    folder.mkdir()

    def make(name: str, script: str) -> Path:
        calls = tmp_path / f"{name}.calls"
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n{script}\n')
        path.chmod(0o755)
        return calls

    with standing_on(replace(here(), programs=f"{folder}:{PATH}")):
        yield make


@pytest.fixture
def no_docker(tmp_path: Path) -> Docker:
    """The client under test, where no dockerd listens."""
    return Docker(str(tmp_path / "no.sock"))
