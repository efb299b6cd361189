# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of the input, all collected before they are reported."""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

_LONGEST_VALUE = 80  # characters of a value in a message
_LONGEST_NAME = 200  # of a variable: keys are free in places
_DIGEST = re.compile(r"@sha256:\w*\Z")


@dataclass(frozen=True)
class Problem:
    """One thing wrong: *variable* is a path such as ``builder_registries[1].host``.

    *value* is the displayed value (see `show`), empty if it is secret or of no use.
    """

    variable: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        stop = "" if self.remedy.endswith("?") else "."
        return f"{self.variable}{shown}: {self.message}. {self.remedy}{stop}"


class SpecError(Exception):
    """The input cannot be used. *problems* holds every reason; ``str()`` is the list for people."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'} in the input; nothing was changed:"
        super().__init__("\n".join([head, *(f"- {each}" for each in self.problems)]))


@dataclass
class Findings:
    """The collector handed through all checks."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def problem(self, variable: str, value: object, message: str, remedy: str) -> None:
        """Note one problem; *value* None or a container is not shown."""
        shown = "" if value is None or isinstance(value, (dict, list)) else show(value)
        self.problems.append(Problem(show_name(variable), shown, message.rstrip("."), remedy.rstrip(".")))

    def warn(self, variable: str, message: str) -> None:
        """Add a warning, which does not stop the run."""
        self.warnings.append(f"{show_name(variable)}: {message}")

    def raise_if_any(self) -> None:
        """Raise SpecError if there is a problem."""
        if self.problems:
            raise SpecError(self.problems)


def show(value: object) -> str:
    """*value* as shown in messages: one line, shortened, without what precedes the ``@`` of a URL."""
    if not isinstance(value, str):
        return repr(value)
    digest = _DIGEST.search(value)
    text = value[: digest.start()] if digest else value
    if "@" in text:
        text = "***" + text[text.rindex("@") :]
    text += digest[0] if digest else ""
    return repr(text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…")


def show_name(variable: str) -> str:
    """The path *variable* as shown in messages, treated likewise, as keys can be anything."""
    text = re.sub('"[^"]*@', '"***@', variable)
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def suggest(name: object, known: Iterable[str]) -> str:
    """The remedy for an unknown *name*: the closest of the *known* ones, or all of them."""
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), [each.lower() for each in names], n=1, cutoff=0.6)
    if near:
        return f"Did you mean {next(each for each in names if each.lower() == near[0])}?"
    return f"Known: {', '.join(names)}"


def type_name(value: object) -> str:
    """The type of *value*, as inventory authors call it."""
    names: dict[type[t.Any], str] = {str: "a string", bool: "a boolean", int: "an integer", float: "a number"}
    names |= {list: "a list", dict: "a mapping", type(None): "null"}
    known = (words for kind, words in names.items() if isinstance(value, kind))  # ansible-core 2.19 tags values
    return next(known, f"of type {type(value).__name__}")
