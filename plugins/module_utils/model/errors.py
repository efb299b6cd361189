# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures on a host, described for people."""

from __future__ import annotations

import typing as t


class HostError(Exception):
    """The desired state of a host cannot be reached: *what*, its *cause* in one line, and the *remedy*.

    The message joins all three; *cause* and *remedy* are empty if *what* covers them. *said* is the output of a program
    in whole lines, *concern* is the concern that failed, once known.
    """

    def __init__(self, what: str, cause: str = "", remedy: str = "", said: str = "", concern: str = "") -> None:
        self.what, self.cause, self.remedy, self.said, self.concern = what, cause, remedy, said, concern
        text = f"{concern}: {self.short}" if concern else self.short
        end = "" if text.endswith(("?", "!")) else "."
        super().__init__(f"{text.rstrip('.')}{end} {remedy}" if remedy else text)

    @property
    def short(self) -> str:
        """What failed and why, in one line."""
        return f"{self.what}: {self.cause}" if self.cause else self.what

    def of(self, concern: str) -> HostError:
        """The same error, assigned to *concern*."""
        return HostError(self.what, self.cause, self.remedy, self.said, concern)


class UnfinishedError(HostError):
    """A part of a concern failed, and all else of it is done: later concerns go on, and the run fails at its end."""


Failure = t.Dict[str, str]
"""A failure as modules return it: the attributes of a HostError; `message` is what failed and why, in one line."""


def failure(exc: HostError) -> Failure:
    """*exc* as data; its cause is never empty."""
    return {
        "concern": exc.concern,
        "message": exc.short,
        "cause": exc.cause or exc.what,
        "remedy": exc.remedy,
        "said": exc.said,
    }
