# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The line `BUILDX_BUILDER=NAME` in a file of environment variables, for CI jobs that build without `buildx use`."""

from __future__ import annotations

import re
import typing as t
from dataclasses import asdict, dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    RemoveFile,
    WriteFile,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.path_owner import owner_on_the_way
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Instance

_CONCERN = "buildx"
_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?BUILDX_BUILDER=.*(?:\n|$)", re.MULTILINE)


@dataclass(frozen=True)
class WriteEnvironment:
    """The step that makes *path* hold *text*; *builder* is the one that our line names, None if none of it is ours."""

    path: str
    text: str
    builder: t.Optional[str]


@dataclass(frozen=True)
class Former:
    """What was there before us: the *lines* that ours took the place of, whether the file was *there* and *ended*.

    *builder* is the one that our line names.
    """

    builder: str
    lines: str = ""
    there: bool = True
    ended: bool = True


def with_line(text: str, builder: t.Optional[str], former: str = "") -> str:
    """*text* with one line that names *builder*, where the first one was or at the end; None: with *former* there."""
    line = f"BUILDX_BUILDER={builder}\n" if builder else former
    found = _LINE.search(text)
    if found is None:
        return text + ("\n" if text and line and not text.endswith("\n") else "") + line
    rest = _LINE.sub("", text[found.end() :])
    return text[: found.start()] + line + rest


def without_line(text: str, former: Former) -> str:
    """*text* as it was before us; a line that names another builder by now is somebody else's, and stays."""
    if f"BUILDX_BUILDER={former.builder}" not in [each.strip() for each in text.splitlines()]:
        return text
    result = with_line(text, None, former.lines)
    return result if former.ended else result[:-1] if result.endswith("\n") else result


def actions_for(path: t.Optional[str], instances: t.Sequence[Instance]) -> t.List[Action]:
    """The line for the default builder in *path*; a file that had one of ours, and is not asked for, loses it."""
    default = next((each.name for each in instances if each.default), None)
    ours = remembered()
    wanted = {path: default} if path and default else {}
    found = []
    for each in dict.fromkeys([*wanted, *ours]):
        before, builder = read(each, owner_on_the_way(each)), wanted.get(each)
        after = with_line(before or "", builder) if builder else without_line(before or "", ours[each])
        if after != (before or ""):
            words = f"name builder {builder}" if builder else "name no builder any more"
            words += ", but the one from before us," if not builder and ours[each].lines else ""
            step = WriteEnvironment(each, after, builder)
            found.append(Action(f"{words} in {each}", step, difference=Difference(each, before or "", after)))
    return found


def remembered() -> t.Dict[str, Former]:
    """The files that have a line of ours."""
    return {path: Former(**found) for path, found in record.load(_CONCERN).get("environment", {}).items()}


def apply(step: WriteEnvironment) -> None:
    """Write one file; remembered before, so that a crash in between leaves a name too many, never one too few."""
    owner = owner_on_the_way(step.path)  # a runner's own `.env` stays its own
    former, present = remembered().get(step.path), read(step.path, owner)
    if step.builder is not None:
        lines = "".join(_LINE.findall(present or ""))
        noted = former or Former("", lines, present is not None, not present or present.endswith("\n"))
        _remember(step.path, replace(noted, builder=step.builder))
    if step.text or former is None or former.there:
        write(WriteFile(step.path, step.text, mode_of(step.path), owner))
    else:
        remove(RemoveFile(step.path, owner=owner))
    if step.builder is None:
        forget(step.path)


def forget(path: str) -> None:
    """No line in *path* is ours any more."""
    _remember(path, None)


def _remember(path: str, former: t.Optional[Former]) -> None:
    memory = record.load(_CONCERN)
    found = {key: asdict(value) for key, value in {**remembered(), path: former}.items() if value is not None}
    others = {name: value for name, value in memory.items() if name != "environment"}
    record.save(_CONCERN, {**others, "environment": found} if found else others)
