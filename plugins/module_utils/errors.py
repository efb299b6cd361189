# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on a host, in words for people."""

from __future__ import annotations

import typing as t


class HostError(Exception):
    """A host cannot be made as asked: *what*, its *cause* in one line and the *remedy*; the text has them in this order.

    Where *what* tells all of it, the others are empty. *said* is what a program printed, in whole lines.
    """

    def __init__(self, what: str, cause: str = "", remedy: str = "", said: str = "") -> None:
        self.what, self.cause, self.remedy, self.said = what, cause, remedy, said
        super().__init__(". ".join(filter(None, (self.short.rstrip("."), remedy))) if remedy else self.short)

    @property
    def short(self) -> str:
        """What and why, in one line: with it the last line about a host ends."""
        return f"{self.what}: {self.cause}" if self.cause else self.what

    @property
    def told(self) -> str:
        """The text, and what was said below it."""
        return "\n".join(filter(None, (str(self), self.said)))

    def within(self, thing: str) -> HostError:
        """The same about a larger *thing*, such as a concern."""
        return HostError(f"{thing}: {self.what}", self.cause, self.remedy, self.said)


Failure = t.Dict[str, str]
"""One failure, as modules return it: see failure()."""


def failure(exc: Exception, concern: str = "") -> Failure:
    """*exc* as data: concern; message (what and why, in one line); the cause alone; remedy; what was said."""
    found = exc if isinstance(exc, HostError) else HostError(str(exc))
    return {
        "concern": concern,
        "message": found.short,
        "cause": found.cause or found.what,
        "remedy": found.remedy,
        "said": found.said,
    }
