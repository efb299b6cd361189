# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""builder_engine_version: which versions of a package it means. Pure."""

from __future__ import annotations

import re
import typing as t


def upstream(version: str) -> str:
    """`28.5.2+dfsg4` of the package version `2:28.5.2+dfsg4-5` (deb-version(7))."""
    rest = version.partition(":")[2] if ":" in version else version
    return rest.rpartition("-")[0] or rest


def numbers(version: str) -> t.Tuple[int, ...]:
    """(28, 5, 2) of `28.5.2+dfsg4`, of `28.5.2`, or of a package's version."""
    found = re.match(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}", upstream(version))
    return tuple(map(int, found.group().split("."))) if found else ()


def is_meant(asked: str, version: str) -> bool:
    """Whether *asked*, such as 29, 28.5 or a package's version in full, means the package version *version*."""
    if asked == version:
        return True
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){0,2}", asked):
        return False
    wanted = numbers(asked)
    return numbers(version)[: len(wanted)] == wanted


def choice(asked: str, known: t.Iterable[str]) -> t.Optional[str]:
    """The first of the *known* versions, the highest first, that *asked* means."""
    return next((each for each in known if is_meant(asked, each)), None)
