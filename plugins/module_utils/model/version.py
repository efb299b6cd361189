# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions as programs print them, for comparison. Pure."""

from __future__ import annotations

import re
import typing as t

Version = t.Tuple[int, ...]


def version_of(text: str) -> Version:
    """(26, 1, 5) of `26.1.5+dfsg1`; () if there is no number."""
    found = re.search(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.([0-9]{1,9}))?", text)  # int() refuses thousands of digits
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def text_of(version: Version) -> str:
    """`28.0` of (28, 0)."""
    return ".".join(map(str, version))
