# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages and facts of the emulators' plan."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import Finding, is_ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import REGISTRY, Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import Former


def instead(former: t.Optional[Former], *, lost: bool) -> str:
    """What is restored in its place, of what was there before us; *lost* says that it cannot be."""
    if former is None or former.line is None:
        return ""
    if lost:
        return (
            f"; {former.interpreter}, registered before us, is not on this host (a container brought it), and "
            "can only be restored from there"
        )
    return f"; {former.interpreter} is registered again, as before"


def owner(handler: Handler, owners: t.Mapping[str, t.Optional[str]]) -> str:
    """Where the emulator of a handler is from, with a trailing space; empty if unknown.

    One that the kernel holds open though it is not a file of this host came from a container.
    """
    if is_ours(handler):
        return "ours, "
    found = owners.get(handler.interpreter)
    if found is None:
        return "out of a container, "
    return f"of package {found}, " if found else ""


def note(found: Finding, handler: Handler, owners: t.Mapping[str, t.Optional[str]]) -> str:
    """The note on a handler that was not changed."""
    return (
        f"linux/{found.fmt.architecture}: handler {handler.name} is not managed, works, and was not changed "
        f"({owner(handler, owners)}interpreter {handler.interpreter}, flags {handler.flags})"
    )


def slows(platform: str, handler: Handler, owners: t.Mapping[str, t.Optional[str]]) -> str:
    """The note on a foreign handler in front of the processor."""
    return (
        f"{platform}: this host's processor runs it itself, but handler {handler.name} ({owner(handler, owners)}"
        f"interpreter {handler.interpreter}), which is not managed, emulates it, several times slower: remove the "
        f"package, or the job, that registers it, and `echo -1 > {REGISTRY}/{handler.name}`"
    )


def refusal(platform: str, why: str) -> str:
    """The message about a platform that this host cannot run."""
    return (
        f"builder_platforms: {platform}: {why}: remove it, or assign it to a node that runs it "
        "(builder_instances[].nodes[].platforms)"
    )


def fact(found: Finding, versions: t.Mapping[str, str]) -> t.Dict[str, t.Any]:
    """One handler as data; its version is known if the emulator is managed."""
    handler = found.handler
    return {
        "platform": f"linux/{found.fmt.architecture}",
        "handler": handler.name if handler else None,
        "interpreter": handler.interpreter if handler else None,
        "flags": handler.flags if handler else None,
        "version": versions.get(handler.interpreter) if handler else None,
        "verdict": found.verdict.value,
    }
