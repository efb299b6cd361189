# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on files that any concern plans with; host/files.py does them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """Numeric user and group."""

    uid: int
    gid: int


@dataclass(frozen=True)
class WriteFile:
    """The step that makes *path* hold *content*; *mode* as in chmod.

    *owner* is a user whose file it is, written with that user's rights; None for root's. Of a file of root's that
    *keeps* its owner and group, nothing but content and mode changes.
    """

    path: str
    content: str
    mode: int = 0o644
    owner: t.Optional[Owner] = None
    keeps: bool = False


@dataclass(frozen=True)
class RemoveFile:
    """The step that removes *path*, and its folder if it is empty then and *folder* says so."""

    path: str
    folder: bool = False
    owner: t.Optional[Owner] = None
