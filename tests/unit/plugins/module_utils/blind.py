# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plans has seen all it needs: a look at the host while it plans fails, whatever it looks with."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# Events of sys.addaudithook(), by their beginning, and what has none.
_AUDITED = ("open", "os.", "glob.", "pathlib.", "shutil.", "tempfile.", "subprocess.", "socket.", "fcntl.")
_UNAUDITED = {
    os: ("stat", "lstat", "statvfs", "readlink", "access", "uname", "geteuid", "getgrouplist"),
    pwd: ("getpwnam", "getpwuid", "getpwall"),
}
_here = threading.local()  # a stand-in for dockerd in another thread may look


class LooksError(AssertionError):
    """It looked."""


@contextlib.contextmanager
def blind() -> Iterator[None]:
    """Have a look at the host raise LooksError, but for imports."""
    former, _here.blind = getattr(_here, "blind", False), True
    try:
        yield
    finally:
        _here.blind = former


def _see(what: str) -> None:
    if getattr(_here, "blind", False) and not _imports():
        _here.blind = False  # what tells of the failure may look
        raise LooksError(f"a look at the host: {what}")


def _imports() -> bool:
    frame = sys._getframe()  # as traceback does, which would read sources
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
    return False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_AUDITED):
        _see(f"{event}{arguments}")


sys.addaudithook(_audit)


def seen(look: Callable[..., Any]) -> Callable[..., Any]:
    """*look*, which a plan may not."""

    @functools.wraps(look)
    def checked(*args: Any, **options: Any) -> Any:
        _see(f"{look}{args}")
        return look(*args, **options)

    return checked


def make_blind(kinds: tuple[type[Any], ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have plan() of each of *kinds* blind, and what it calls."""
    for module, names in _UNAUDITED.items():
        for name in names:
            monkeypatch.setattr(module, name, seen(getattr(module, name)))
    for kind in kinds:
        monkeypatch.setattr(kind, "plan", _blindly(kind.plan))


def _blindly(plan: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plan)
    def planned(*args: Any) -> Any:
        with blind():
            return plan(*args)

    return planned
