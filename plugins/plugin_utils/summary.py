# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a run for each host, in one line; hosts with the same result share a line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names

_LONGEST = 400  # characters of a message
_MOST_FAILURES = 3
_NO_REASON = "no reason was reported"
_PREFIXES = re.compile("^(?:Task failed: |Module failed: |Action failed: )+")


@dataclass(frozen=True)
class Failed:
    """One failure of a module of ours: what and why in one line (*message*), and the *cause* alone, its end."""

    message: str
    cause: str = ""


@dataclass
class Story:
    """What happened to one host. *changes* are {concern: descriptions of actions}, *failed_at* the name of a task.

    *notes* are those that modules returned, {module: its last}. *failures* are why it failed, *words* the message of
    any other module. *unproven* are the registries whose logins could not be proven. *planned* is what a survey found
    to do, as *changes*, and *blocked* why the host cannot reach its desired state.
    """

    changes: dict[str, list[str]] = field(default_factory=dict)
    other_changes: int = 0
    notes: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    proven: bool = False
    unproven: Sequence[str] = ()
    planned: Mapping[str, Sequence[str]] = field(default_factory=dict)
    blocked: Sequence[Failed] = ()
    failed_at: str = ""
    failures: Sequence[Failed] = ()
    words: str = ""
    unreachable: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether the run failed for the host."""
        return self.unreachable or bool(self.failed_at)


@dataclass(frozen=True)
class Line:
    """One line; *kind* is `nothing`, `changed`, `waits` or `failed`, in this order of weight."""

    kind: str
    text: str


_WEIGHT = ("nothing", "changed", "waits", "failed")


def lines(stories: Mapping[str, Story], check_mode: bool) -> list[Line]:
    """A line per result, the worst last, next to the prompt."""
    groups: dict[Line, list[str]] = {}
    for host, story in stories.items():
        groups.setdefault(_line(story, check_mode), []).append(host)
    ordered = sorted(groups.items(), key=lambda group: _WEIGHT.index(group[0].kind))
    return [Line(line.kind, f"{_who(line.kind, hosts)}: {line.text}") for line, hosts in ordered]


def _line(story: Story, check_mode: bool) -> Line:
    done = _changes(story, check_mode)
    before = f" (before: {done})" if done and not check_mode else ""
    if story.unreachable:
        return Line("failed", f"unreachable{before}: {_cut(of_ssh(story.words) or _NO_REASON)}")
    if story.failed_at:
        why = _causes(story.failures) or first_words(story.words)
        return Line("failed", f"failed at '{story.failed_at}'{before}: {why}")
    kinds = {Kind.WAITS.value, *([] if story.proven else [Kind.UNPROVEN.value])}
    waiting = dict.fromkeys(note["text"] for told in story.notes.values() for note in told if note["kind"] in kinds)
    parts = [done] if done else []
    but = f", but for the login at {' and '.join(story.unproven)}" if story.unproven else ""
    parts += [f"proven{but}"] if story.proven else []
    parts += [f"the next run would change: {', '.join(_counted(story.planned))}"] if story.planned else []
    parts += [f"waits: {'; '.join(waiting)}"] if waiting else []
    parts += [f"the next run would fail: {_causes(story.blocked)}"] if story.blocked else []
    if not parts:
        return Line("nothing", "nothing to do")
    kind = "failed" if story.blocked else "waits" if waiting else "changed" if done or story.planned else "nothing"
    return Line(kind, "; ".join(parts))


def _counted(changes: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{concern} {len(actions)} ({', '.join(_verbs(actions))})" for concern, actions in changes.items()]


def _changes(story: Story, check_mode: bool) -> str:
    told = _counted(story.changes)
    if story.other_changes:
        told.append(f"{story.other_changes} other {'task' if story.other_changes == 1 else 'tasks'}")
    return f"{'would change' if check_mode else 'changed'}: {', '.join(told)}" if told else ""


def _verbs(actions: Iterable[str]) -> list[str]:
    """The first word of each action, once; for docker as a whole, with its object."""
    found = (action.split(maxsplit=2) for action in actions)
    return list(
        dict.fromkeys(
            " ".join(words[: 2 if words[1:2] in (["docker:"], ["docker"]) else 1]).rstrip(":") for words in found
        )
    )


def first_words(message: str) -> str:
    """The first line of a message."""
    return _cut(next((line.strip() for line in _PREFIXES.sub("", message).splitlines() if line.strip()), _NO_REASON))


def _causes(failures: Sequence[Failed]) -> str:
    """Each failure with its cause at the end, and the number of omitted ones."""
    told = list(dict.fromkeys(_with_cause(each) for each in failures))
    more = len(told) - _MOST_FAILURES
    return "; ".join([*told[:_MOST_FAILURES], *([f"and {more} more, above"] if more > 0 else [])])


def _with_cause(failed: Failed) -> str:
    """The message; the middle of a long one is omitted, as what failed comes first and the innermost cause last."""
    end = len(failed.cause) if failed.message.endswith(failed.cause) else 0
    return _cut(failed.message, min(end, _LONGEST * 2 // 3))


def _cut(text: str, end: int = 0) -> str:
    """At most _LONGEST characters of *text*, in whole words where it has any: its beginning, and *end* of its end."""
    if len(text) <= _LONGEST:
        return text
    tail = text[len(text) - end :]
    tail = tail if not end or text[-end - 1] == " " else tail.partition(" ")[2] or tail
    head = text[: _LONGEST - len(tail) - 3]
    head = head.rpartition(" ")[0] or head
    return f"{head} … {tail}".rstrip()


def _who(kind: str, hosts: Sequence[str]) -> str:
    if kind == "nothing" and len(hosts) > 1:
        return f"{len(hosts)} hosts"
    return names(hosts)
