# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted where, from /proc/self/mountinfo (proc_pid_mountinfo(5)). Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Mount:
    """A mount at *point*: its *options*, the *kind* of the file system and what that is told (*details*)."""

    point: str
    options: t.Tuple[str, ...]
    kind: str
    details: str = ""

    @property
    def unit(self) -> str:
        """The name of its systemd unit (systemd.unit(5), string escaping for paths)."""
        words = self.point.strip("/").encode("utf-8", "surrogateescape")
        if not words:
            return "-.mount"
        return "".join(map(_escaped, words, range(len(words)))) + ".mount"


def _escaped(byte: int, place: int) -> str:
    letter = chr(byte)
    if letter == "/":
        return "-"
    kept = byte < 128 and (letter.isalnum() or letter in ":_" or (letter == "." and place))
    return letter if kept else f"\\x{byte:02x}"


def parse(mountinfo: str) -> t.Tuple[Mount, ...]:
    """The mounts in their order; a later one covers earlier ones."""
    found = []
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if separator and len(fields) >= 6 and rest[0]:
            found.append(Mount(_plain(fields[4]), tuple(fields[5].split(",")), rest[0], _plain(rest[-1])))
    return tuple(found)


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def is_in(path: str, folder: str) -> bool:
    """Whether *path* is *folder*, or below it."""
    return f"{path.rstrip('/')}/".startswith(f"{folder.rstrip('/')}/")


def mount_of(path: str, mounts: t.Iterable[Mount]) -> t.Optional[Mount]:
    """The mount that *path*, without links, is on; None if that is unknown."""
    found = None
    for each in mounts:
        if is_in(path, each.point) and (found is None or len(each.point) >= len(found.point)):
            found = each
    return found


def below(folder: str, mounts: t.Iterable[Mount]) -> t.Tuple[Mount, ...]:
    """The mounts in *folder*, without one that is *folder* itself."""
    return tuple(each for each in mounts if is_in(each.point, folder) and not is_in(folder, each.point))
