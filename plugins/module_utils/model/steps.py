# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on files, for any concern; host/files.py applies them."""

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
    """The step that writes *content* to *path*; *mode* as in chmod.

    *owner* is the user who owns the file, and whose rights are used to write it; None for root. A root file with
    *keeps* retains its owner and group, a user's its group. Any file retains its ACL and its label. *given* is who gets
    a root file, if not root. A link at *path* is kept and its target written; without *follows* the link is replaced.
    """

    path: str
    content: str
    mode: int = 0o644
    owner: t.Optional[Owner] = None
    keeps: bool = False
    follows: bool = True
    given: t.Optional[Owner] = None


@dataclass(frozen=True)
class RemoveFile:
    """The step that removes *path*, and, with *folder*, its folder if that is then empty."""

    path: str
    folder: bool = False
    owner: t.Optional[Owner] = None
