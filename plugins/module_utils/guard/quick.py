# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of the guard's program: is anything to be done?

Mostly nothing is, which this file finds out with little more than the start of Python: what the guard saw last is still
there, byte by byte. In all other cases it imports the rest.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # at run time it would take as long as all else
    import typing as t

FOLDER = "/run/multiarch-builders-guard"
SEEN = f"{FOLDER}/seen"


def look(path: str) -> t.Any:
    """The content of a file, or the names in a folder (with a slash at its end); None if it cannot be read."""
    try:
        if path.endswith("/"):
            return sorted(os.listdir(path))
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def looks(paths: t.Iterable[str]) -> bytes:
    """What is seen at *paths*, as bytes."""
    return repr([look(path) for path in paths]).encode()


def is_unchanged() -> bool:
    """Whether what was seen last is still there, and nothing is due. SEEN: when it is, paths, an empty line, looks."""
    try:
        with open(SEEN, "rb") as file:
            head, _empty, seen = file.read().partition(b"\n\n")
        due, *paths = head.decode().split("\n")
        return time.monotonic() < float(due) and looks(paths) == seen
    except (OSError, ValueError):
        return False


if __name__ == "__main__" and (sys.argv[1:] or not is_unchanged()):
    from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

    compiled.FOLDER = FOLDER
    compiled.keep()  # of what is imported from here on
    from ansible_collections.multiarch.builders.plugins.module_utils.guard.duties import main

    raise SystemExit(main(sys.argv[1:]))
