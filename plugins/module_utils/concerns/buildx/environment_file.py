# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our lines in a file of environment variables for CI jobs: `BUILDX_BUILDER=NAME`, and settings of the clients.

The file may have foreign lines: ours replace those of the same name, which are restored when ours are removed.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD, Own
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    ANY,
    acting_as,
    mode_of,
    read,
    remove,
    tidy,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.path_owner import owner_on_the_way
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without

BUILDER = "BUILDX_BUILDER"
Values = t.Mapping[str, str]  # {variable: value}


@dataclass(frozen=True)
class WriteEnvironment:
    """The step that writes *text* to *path*; *values* are those of our lines in it, {} without any."""

    path: str
    text: str
    values: Values


@dataclass(frozen=True)
class EnvironmentFile:
    """The text of a file, and our lines in it."""

    text: str
    own: Own


def _line(name: str) -> t.Pattern[str]:
    return re.compile(rf"^[ \t]*(?:export[ \t]+)?{re.escape(name)}=.*(?:\n|$)", re.MULTILINE)


def lines_of(text: str, name: str) -> str:
    """The lines of *text* that set *name*, each with its newline."""
    return "".join(each if each.endswith("\n") else f"{each}\n" for each in _line(name).findall(text))


def _replaced(text: str, name: str, lines: str) -> str:
    """*text* with *lines* in place of the first one that sets *name*, or at the end; others of it are removed."""
    pattern = _line(name)
    found = pattern.search(text)
    if found is None:
        return text + ("\n" if text and lines and not text.endswith("\n") else "") + lines
    return text[: found.start()] + lines + pattern.sub("", text[found.end() :])


def with_lines(text: str, values: Values) -> str:
    """*text* with one line for each of *values*."""
    for name, value in values.items():
        text = _replaced(text, name, f"{name}={value}\n")
    return text


def without_lines(text: str, own: Own, wanted: t.Container[str] = ()) -> str:
    """*text* with our lines that are not *wanted* reverted; one that someone else changed is kept."""
    going = [name for name in own.values if name not in wanted]
    ours = [name for name in going if f"{name}={own.values[name]}" in [each.strip() for each in text.splitlines()]]
    for name in ours:
        text = _replaced(text, name, own.lines.get(name, ""))
    whole = len(going) == len(own.values) and bool(ours)
    return text[:-1] if whole and not own.ended and text.endswith("\n") else text


def wanted_values(instances: t.Sequence[Instance], settings: Values) -> t.Dict[str, str]:
    """The desired values: the default builder, if there is one, and *settings*."""
    default = next((each.name for each in instances if each.default), None)
    return {**({BUILDER: default} if default else {}), **settings}


def observe(path: t.Optional[str]) -> t.Dict[str, EnvironmentFile]:
    """*path*, if specified, and all files with lines of ours."""
    ours = remembered()
    paths = dict.fromkeys([*([path] if path else []), *ours])
    texts = {each: read(each, owner_on_the_way(each), ANY) or "" for each in paths}
    return {each: EnvironmentFile(text, ours.get(each, Own({}))) for each, text in texts.items()}


def actions_for(found: t.Mapping[str, EnvironmentFile], path: t.Optional[str], values: Values) -> t.List[Action]:
    """Set *values* in *path*, and remove our lines that are no longer specified, there and in other files. Pure."""
    actions = []
    for each, file in found.items():
        here = values if each == path else {}
        after = with_lines(without_lines(file.text, file.own, here), here)
        if after != file.text:
            step = WriteEnvironment(each, after, here)
            told = f"{_words(file.text, after, file.own, here)} in {each}"
            actions.append(Action(told, step, difference=_shown(step, file.text)))
    return actions


def _words(before: str, after: str, own: Own, values: Values) -> str:
    """The changes, as a message."""
    names = [name for name in dict.fromkeys([*values, *own.values]) if lines_of(before, name) != lines_of(after, name)]
    told = []
    for name in names:
        if name in values:
            told.append(f"name builder {values[name]}" if name == BUILDER else f"set {name}={values[name]}")
        else:
            what = "remove the builder" if name == BUILDER else f"set {name} no more"
            told.append(what + (" (the line from before us comes back)" if own.lines.get(name) else ""))
    return ", ".join(told)


def _shown(step: WriteEnvironment, before: str) -> Difference:
    """The lines that change: all others are foreign, and may hold secrets."""
    former, present = before.splitlines(), step.text.splitlines()
    gone, new = ([each for each in one if each not in other] for one, other in ((former, present), (present, former)))
    return Difference(step.path, *("".join(f"{each}\n" for each in lines) for lines in (gone, new)))


def remembered() -> t.Mapping[str, Own]:
    """The files with lines of ours."""
    return RECORD.read().environment


def apply(step: WriteEnvironment) -> None:
    """Write one file. Recorded before: a crash in between records too much, never too little."""
    owner = owner_on_the_way(step.path)  # a runner's own `.env` keeps its owner
    own, present = remembered().get(step.path), read(step.path, owner, ANY)
    with acting_as(owner):
        mode = mode_of(step.path)
    if step.values:
        former = own or Own({}, {}, present is not None, not present or present.endswith("\n"))
        new = {name: lines_of(present or "", name) for name in step.values if name not in former.values}
        both = replace(former, values={**former.values, **step.values}, lines={**former.lines, **new})
        _remember(step.path, both)
        write(WriteFile(step.path, step.text, mode, owner, keeps=True))
        lines = {name: each for name, each in both.lines.items() if each and name in step.values}
        _remember(step.path, replace(both, values=step.values, lines=lines))
        return
    if step.text or own is None or own.there:
        write(WriteFile(step.path, step.text, mode, owner, keeps=True))
    else:
        remove(RemoveFile(step.path, owner=owner))
    forget(step.path)


def forget(path: str) -> None:
    """No line in *path* is managed any more."""
    tidy(path, owner_on_the_way(path))
    _remember(path, None)


def _remember(path: str, own: t.Optional[Own]) -> None:
    new = {} if own is None else {path: own}
    RECORD.update(lambda found: replace(found, environment={**without(found.environment, path), **new}))
