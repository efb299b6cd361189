# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output of programs as whole lines; cuts are marked. Pure."""

from __future__ import annotations

import json
import re
import typing as t

MOST = 20
"""Lines of an output that are shown with a failure."""
_LONGEST = 1000  # characters of one line
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colours and cursor movements
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FIELD = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|\S*)')


def lines_of(text: str) -> t.List[str]:
    """The lines with text, without colours, control characters, and what was overwritten (`\\r`)."""
    found = []
    for raw in text.split("\n"):
        line = _ESCAPES.sub("", raw).rstrip("\r").rpartition("\r")[2]
        line = _CONTROL.sub("", line).rstrip()
        if line.strip():
            found.append(line)
    return found


def told(title: str, text: str, most: int = MOST) -> str:
    """*title* and the last *most* lines of *text*, the title first; empty if there is no text."""
    lines = lines_of(text)
    if not lines:
        return ""
    head = f"{title}, the last {most} of {len(lines)} lines:" if len(lines) > most else f"{title}:"
    return "\n".join([head, *map(shortened, lines[-most:])])


def shortened(line: str) -> str:
    """A line in readable form: a long one states how much is cut."""
    more = len(line) - _LONGEST
    return line if more <= 0 else f"{line[:_LONGEST]}… ({more} more characters)"


def last_line(text: str) -> str:
    """The last line with text; empty if there is none."""
    return next((line.strip() for line in reversed(lines_of(text))), "")


def logged(line: str) -> t.Dict[str, str]:
    """The fields of a line that a Go program logged with logrus, as text or JSON; {} for any other line."""
    if line.startswith("{"):
        try:
            found = json.loads(line)
        except ValueError:
            return {}
        return {str(key): str(value) for key, value in found.items()} if "level" in found else {}
    if "level=" not in line:
        return {}
    fields = {name: _unquoted(value) for name, value in _FIELD.findall(line)}
    return fields if "level" in fields and "msg" in fields else {}


def of_logged(fields: t.Mapping[str, str]) -> str:
    """The text of such a line: its message, and the error in it."""
    return ": ".join(filter(None, (fields.get("msg", ""), fields.get("error", ""))))


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:  # an escape that is valid in Go and not in JSON
        return value[1:-1]
