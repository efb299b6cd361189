# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders with data that Docker showed before its data-root was changed, with leave: reported while they exist."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD, Left
from ansible_collections.multiarch.builders.plugins.module_utils.host import look

_PARTS = ("containers", "volumes")


def remember(found: t.Iterable[Left]) -> None:
    """Recorded before the restart, as the data is not visible afterwards."""
    new = {each.folder: each for each in found}
    RECORD.update(
        lambda known: replace(known, left=tuple({**{each.folder: each for each in known.left}, **new}.values()))
    )


def notes(info: Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """Notes on those that still exist and are not in use again."""
    now = look.real(str(info.get("DockerRootDir") or ""))
    return tuple(
        f"{each.folder} has {each.what}, from before data-root was changed: builder_daemon_options: {each.keep} shows "
        "that again; remove the folder when it is not needed"
        for each in RECORD.read().left
        if look.real(each.folder) != now and _holds_data(each.folder)
    )


def _holds_data(folder: str) -> bool:
    return any(look.is_folder(each) for part in _PARTS for each in _entries(f"{folder}/{part}"))


def _entries(folder: str) -> t.List[str]:
    try:
        return [f"{folder}/{name}" for name in look.names(folder)]
    except OSError:
        return []
