# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why dockerd does not start, from its own output, and what `dockerd --validate` reports about a daemon.json. Pure.

It prints one plain line before it exits (moby/moby, cmd/dockerd/main.go); all others are logged, as text or JSON. 28.5
prints its whole usage after an invalid flag.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of, logged, of_logged

_STATUS = re.compile(r"^Status: |, Code: \d+$")
_USAGE = re.compile("See 'dockerd --help'|Usage:")
_FLAG = re.compile(
    r"unknown (?:shorthand )?flag: (?:'\w' in )?(-\S+)|for \"(?:-\w, )?(--\S+)\" flag|flag needs an argument: (-\S+)"
)
_USAGE_ALONE = "dockerd was started with an argument that is not a flag, and printed its usage"
_ARGUMENTS = re.compile(f'"dockerd" accepts no argument|{_USAGE_ALONE}')
_TWICE = re.compile(r"specified both as a flag and in the configuration file: ([\w.-]+):")
_CONFIGURE = re.compile(r"^unable to configure the Docker daemon with file \S+: ")
_DIAL = re.compile(r"dial.*containerd\.sock|failed to get containerd plugins")
_LISTEN = re.compile(r"listen \w+ (\S+): bind: ")


@dataclass(frozen=True)
class Blame:
    """The subject of a cause: a *flag* of the unit ("" for an argument that is none), a *key* that is also a flag.

    *address* is one where it cannot listen. *file*: daemon.json, *containerd*: containerd does not answer.
    """

    flag: t.Optional[str] = None
    key: str = ""
    address: str = ""
    file: bool = False
    containerd: bool = False


def of_start(lines: t.Iterable[str]) -> str:
    """Why dockerd exited, from its output in one start; empty if it reported no error."""
    plain, errors, printed = "", "", lines_of("\n".join(lines))
    if printed and _USAGE.match(printed[0]):
        return _USAGE_ALONE
    for line in without_usage(printed):
        fields = logged(line)
        if fields.get("level") in ("fatal", "error"):
            errors = of_logged(fields)
        elif not fields:
            plain = _STATUS.sub("", line.strip())
    return plain or errors


def without_usage(lines: t.Iterable[str]) -> t.List[str]:
    """*lines* up to where dockerd prints its usage."""
    found = []
    for line in lines_of("\n".join(lines)):
        if _USAGE.match(line):
            break
        found.append(line)
    return found


def of_validation(said: str, path: str) -> str:
    """What `dockerd --validate` reports about the daemon.json at *path*."""
    return _CONFIGURE.sub("", of_start([said])).replace(path, "daemon.json")


def blame(cause: str) -> Blame:
    """The subject of the cause, as far as its message names it."""
    twice, flag = _TWICE.search(cause), _FLAG.search(cause)
    if twice:
        return Blame(key=twice.group(1))
    if flag:
        return Blame(flag=next(each for each in flag.groups() if each))
    if _ARGUMENTS.search(cause):
        return Blame(flag="")
    listen = _LISTEN.search(cause)
    return Blame(
        address=listen.group(1) if listen else "",
        file=_CONFIGURE.search(cause) is not None,
        containerd=_DIAL.search(cause) is not None,
    )
