# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which platforms a host runs, tested by running a program of each."""

from __future__ import annotations

import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import image, kernel, native
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    catching,
    in_front,
    is_ours,
    needed,
    registers,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import prove
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import Source
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, instances_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import machines_of, to_run_here
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor, impossible

MISSING = "missing"
Row = t.Dict[str, t.Any]


def needed_here(params: Params) -> t.Tuple[str, ...]:
    """The platforms that the host itself has to run; others are built by nodes on other machines alone.

    The options have builders also where nobody manages them.
    """
    platforms, concerns = params["platforms"], params["concerns"]
    cannot = impossible(platforms, native.processor(platforms))
    builders = [*map(machines_of, instances_of(params))] if "buildx" in concerns else []
    return to_run_here(platforms, builders, concerns, cannot)


def coverage(platforms: t.Sequence[str], source: Source) -> t.List[Row]:
    """A row for each of *platforms* (canonical names): how it runs, with handler and QEMU, or why it does not.

    *pinned* tells whether the emulator is that of the configured *source*, None without one.
    """
    processor = native.processor(platforms)
    cannot = impossible(platforms, processor)
    try:
        handlers = kernel.handlers() if needed(platforms, processor) or processor.siblings else {}
    except HostError as exc:
        return [
            _native(each) if each in processor.platforms else _missing(each, cannot.get(each, str(exc)))
            for each in platforms
        ]
    return [
        _missing(each, cannot[each]) if each in cannot else _row(each, processor, handlers, source)
        for each in platforms
    ]


def _row(platform: str, processor: Processor, handlers: t.Mapping[str, Handler], source: Source) -> Row:
    handler = in_front(platform, processor, handlers)
    if handler is None and platform in processor.platforms:
        return _native(platform)
    handler = handler or catching(format_for(platform), handlers)
    if handler is None:
        return _missing(platform, "no handler")
    try:
        prove(platform)
    except HostError as exc:
        return _missing(platform, str(exc))
    return {
        "platform": platform,
        "how": native.EMULATED,
        "handler": handler.name,
        "interpreter": handler.interpreter,
        "qemu": _version(handler),
        "pinned": registers(source.emulator(format_for(platform)).line, handler),
        "why": None,
    }


def _native(platform: str) -> Row:
    nothing = dict.fromkeys(("handler", "interpreter", "qemu", "pinned", "why"))
    return {"platform": platform, "how": native.NATIVE, **nothing}


def _missing(platform: str, why: str) -> Row:
    return {**_native(platform), "how": MISSING, "why": why}


def _version(handler: Handler) -> t.Optional[str]:
    """The version of our emulator is recorded beside it; any other is asked with --version."""
    program = pathlib.PurePath(handler.interpreter)
    if is_ours(handler):
        emulators = image.in_folder(str(program.parent))
        return emulators.version if emulators else None
    if not program.name.startswith("qemu-"):
        return None
    try:
        return qemu_in(run([str(program), "--version"], timeout=10).stdout)
    except (HostError, OSError):
        return None


def qemu_in(said: str) -> t.Optional[str]:
    """The version in the output of `qemu-ARCHITECTURE --version`."""
    found = re.match(r"qemu-\S+ version (\d[\w.]*)", said)
    return found.group(1) if found else None
