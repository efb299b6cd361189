"""A cache of folders, each named by what went into it and never seen half-built."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from lab.settings import CACHE

UNFINISHED = ".unfinished"
_building: defaultdict[Path, Lock] = defaultdict(Lock)


def key_of(*inputs: object) -> str:
    """Twelve hexadecimal digits that change when any input does."""
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:12]


def find(name: str, key: str) -> Path | None:
    """The finished folder, if there is one."""
    folder = CACHE / f"{name}-{key}"
    return folder if folder.is_dir() else None


def ensure(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder, built first where it is missing: beside it, then renamed."""
    folder = CACHE / f"{name}-{key}"
    with _building[folder]:  # whoever else needs it waits
        if not folder.is_dir():
            unfinished = CACHE / f"{folder.name}{UNFINISHED}"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            build(unfinished)
            unfinished.rename(folder)
    return folder


def remove_unfinished() -> None:
    """What a killed build left behind."""
    for leftover in CACHE.glob(f"*{UNFINISHED}"):
        shutil.rmtree(leftover)
