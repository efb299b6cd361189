# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which platforms a host runs, tested by running a program of each."""

from __future__ import annotations

import pathlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import image, kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import catching, is_ours, needed
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import prove
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import architecture
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

NATIVE, EMULATED, MISSING = "native", "emulated", "missing"
Row = t.Dict[str, t.Optional[str]]


def coverage(platforms: t.Sequence[str]) -> t.List[Row]:
    """A row for each of *platforms* (canonical names): how it runs, with handler and QEMU, or why it does not."""
    machine = architecture()
    try:
        handlers = kernel.handlers() if needed(platforms, machine) else {}
    except HostError as exc:
        return [_native(each) if not needed([each], machine) else _missing(each, str(exc)) for each in platforms]
    return [_row(each, machine, handlers) for each in platforms]


def _row(platform: str, machine: str, handlers: t.Mapping[str, Handler]) -> Row:
    formats = needed([platform], machine)
    if not formats:
        return _native(platform)
    handler = catching(formats[0], handlers)
    if handler is None:
        return _missing(platform, "no handler")
    try:
        prove(platform)
    except HostError as exc:
        return _missing(platform, str(exc))
    return {
        "platform": platform,
        "how": EMULATED,
        "handler": handler.name,
        "interpreter": handler.interpreter,
        "qemu": _version(handler),
        "why": None,
    }


def _native(platform: str) -> Row:
    return {"platform": platform, "how": NATIVE, "handler": None, "interpreter": None, "qemu": None, "why": None}


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
