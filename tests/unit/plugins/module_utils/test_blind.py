# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture that makes plans blind: it sees each way to look at a host, and lets all others pass."""

from __future__ import annotations

import importlib
import os
import pathlib
import pwd
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import system_store
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.run.concerns import RESOURCES
from ansible_collections.multiarch.builders.plugins.module_utils.run.retire import RETIRED
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.blind import LooksError, blind

LOOKS: dict[str, Callable[[], object]] = {
    "read": lambda: read("/etc/of-these-tests"),
    "run": lambda: run(["true"]),
    "is_user": lambda: is_user("root"),
    "store": system_store,
    "dockerd": Docker("/of-these-tests.sock").answers,
    "exists": pathlib.Path("/").exists,
    "is_dir": lambda: os.path.isdir("/"),  # noqa: PTH112
    "glob": lambda: list(pathlib.Path("/").glob("*")),
    "iterdir": lambda: list(pathlib.Path("/").iterdir()),
    "realpath": lambda: os.path.realpath("/etc/of-these-tests"),
    "which": lambda: shutil.which("true"),
    "space": lambda: os.statvfs("/"),
    "users": lambda: list(pwd.getpwall()),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
}


# Before Python 3.11 pathlib has a stat() of its own.
PATHLIB = ("exists", "store") if sys.version_info < (3, 11) else ()


@pytest.mark.parametrize("name", [each for each in LOOKS if each not in PATHLIB])
def test_a_look_fails(name: str) -> None:
    with pytest.raises(LooksError), blind():
        LOOKS[name]()


@pytest.mark.parametrize("kind", (*RESOURCES, *RETIRED))
def test_every_concern_plans_blindly(kind: type[Concern[Any]]) -> None:
    assert hasattr(kind.plan, "__wrapped__"), "by a fixture of all these tests"


def test_it_sees_again_afterwards() -> None:
    with blind():
        pass
    assert read("/of-these-tests") is None


def test_an_import_is_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    name = LOOKS["store"].__module__
    monkeypatch.delitem(sys.modules, name)
    with blind():
        assert importlib.import_module(name).DEBIAN


def test_another_thread_sees() -> None:
    found: list[bool] = []
    with blind():
        thread = threading.Thread(target=lambda: found.append(pathlib.Path("/").exists()))
        thread.start()
        thread.join()
    assert found == [True]
