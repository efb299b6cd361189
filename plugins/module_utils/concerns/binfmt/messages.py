# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of the emulators says of handlers, and tells as facts."""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import image, ours, package
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import Finding, is_ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler


def instead(name: str) -> str:
    """What comes back in its place, of what was there before us."""
    former = ours.former(name)
    if former.line is None:
        return ""
    if former.lost:
        return (
            f"; {former.interpreter}, registered before us, is not on this host (a container brought it), and "
            "comes back only from there"
        )
    return f"; {former.interpreter} is registered again, as before us"


def owner(handler: Handler) -> str:
    """Who brought the emulator of a handler, with a space behind it; nothing if nobody says so.

    One that is no file of this host, and that the kernel holds open all the same, came from a container.
    """
    if is_ours(handler):
        return "ours, "
    found = package.owner_of_file(handler.interpreter)
    if found or pathlib.Path(handler.interpreter).exists():
        return f"of package {found}, " if found else ""
    return "out of a container, "


def note(found: Finding, handler: Handler) -> str:
    """What is told of a handler that was left alone."""
    return (
        f"linux/{found.fmt.architecture}: handler {handler.name} of somebody else works and was left alone "
        f"({owner(handler)}interpreter {handler.interpreter}, flags {handler.flags})"
    )


def fact(found: Finding) -> t.Dict[str, t.Any]:
    """One handler as data: its version is known where the emulator is ours."""
    handler = found.handler
    folder = str(pathlib.Path(handler.interpreter).parent) if handler else ""
    emulators = image.in_folder(folder) if handler and is_ours(handler) else None
    return {
        "platform": f"linux/{found.fmt.architecture}",
        "handler": handler.name if handler else None,
        "interpreter": handler.interpreter if handler else None,
        "flags": handler.flags if handler else None,
        "version": emulators.version if emulators else None,
        "verdict": found.verdict.value,
    }
