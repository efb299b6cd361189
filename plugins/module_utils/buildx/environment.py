# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line `BUILDX_BUILDER=NAME` in a file of environment variables, for CI jobs that build without `buildx use`."""

from __future__ import annotations

import pathlib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.files import Owner, WriteFile, mode_of, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance

_CONCERN = "buildx"
_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?BUILDX_BUILDER=.*(?:\n|$)", re.MULTILINE)


@dataclass(frozen=True)
class WriteEnvironment:
    """The step that makes *path* hold *text*; *ours* says whether the line in it is ours."""

    path: str
    text: str
    ours: bool


def with_line(text: str, builder: t.Optional[str]) -> str:
    """*text* with one line that names *builder*, where the first one was or at the end; None takes it out."""
    line = f"BUILDX_BUILDER={builder}\n" if builder else ""
    found = _LINE.search(text)
    if found is None:
        return text + ("\n" if text and line and not text.endswith("\n") else "") + line
    rest = _LINE.sub("", text[found.end() :])
    return text[: found.start()] + line + rest


def actions_for(path: t.Optional[str], instances: t.Sequence[Instance]) -> t.List[Action]:
    """The line for the default builder in *path*; a file that had one of ours, and is not asked for, loses it."""
    default = next((each.name for each in instances if each.default), None)
    ours = record.load(_CONCERN).get("environment", [])
    wanted = {path: default} if path and default else {}
    found = []
    for each in dict.fromkeys([*wanted, *ours]):
        before = read(each)
        after = with_line(before or "", wanted.get(each))
        if after != (before or ""):
            words = f"name builder {wanted[each]}" if each in wanted else "name no builder any more"
            step = WriteEnvironment(each, after, each in wanted)
            found.append(Action(f"{words} in {each}", step, difference=Difference(each, before or "", after)))
    return found


def apply(step: WriteEnvironment) -> None:
    """Write one file; remembered before, so that a crash in between leaves a name too many, never one too few."""
    memory = record.load(_CONCERN)
    others = [each for each in memory.get("environment", []) if each != step.path]
    record.save(_CONCERN, {**memory, "environment": [*others, step.path]})
    write(WriteFile(step.path, step.text, mode_of(step.path), owner_of_file(step.path)))
    if not step.ours:
        record.save(_CONCERN, {**memory, "environment": others})


def owner_of_file(path: str) -> t.Optional[Owner]:
    """Whose the file is, or its folder if it is not there yet; None for root. A runner's own `.env` stays its own."""
    for each in (pathlib.Path(path), pathlib.Path(path).parent):
        try:
            found = each.stat()
        except OSError:
            continue
        return Owner(found.st_uid, found.st_gid) if found.st_uid != 0 else None
    return None
