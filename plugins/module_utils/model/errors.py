# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on a host, in words for people."""

from __future__ import annotations

import typing as t


class HostError(Exception):
    """A host cannot be made as asked: *what*, its *cause* in one line, and the *remedy*; the text is all three.

    Where *what* tells everything, the others are empty. *said* is what a program printed, in whole lines. *concern* is
    whose failure it is, once that is known.
    """

    def __init__(self, what: str, cause: str = "", remedy: str = "", said: str = "", concern: str = "") -> None:
        self.what, self.cause, self.remedy, self.said, self.concern = what, cause, remedy, said, concern
        text = f"{concern}: {self.short}" if concern else self.short
        end = "" if text.endswith(("?", "!")) else "."
        super().__init__(f"{text.rstrip('.')}{end} {remedy}" if remedy else text)

    @property
    def short(self) -> str:
        """What and why, in one line."""
        return f"{self.what}: {self.cause}" if self.cause else self.what

    def of(self, concern: str) -> HostError:
        """The same, of *concern*."""
        return HostError(self.what, self.cause, self.remedy, self.said, concern)


Failure = t.Dict[str, str]
"""One failure as modules return it: the attributes of a HostError; `message` is what and why, in one line."""


def failure(exc: HostError) -> Failure:
    """*exc* as data; its cause is never empty."""
    return {
        "concern": exc.concern,
        "message": exc.short,
        "cause": exc.cause or exc.what,
        "remedy": exc.remedy,
        "said": exc.said,
    }
