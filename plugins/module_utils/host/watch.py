# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever looks at the host reports it here: to the recorder of a trace (trace/recorder.py), if there is one."""

from __future__ import annotations

import abc
import contextlib
import typing as t


class Watcher(abc.ABC):
    """What a recorder does with looks."""

    @abc.abstractmethod
    def saw(self, kind: str, arguments: t.Tuple[t.Any, ...], answer: t.Any) -> None:
        """A look of this *kind* (trace/replay.py, LOOKS) got *answer*."""

    @abc.abstractmethod
    def answered(self, path: str, question: str, value: t.Any) -> t.Any:
        """dockerd at *path* answered *value* to GET *question*; returns it, as whoever asked gets it."""

    @abc.abstractmethod
    def spoil(self, why: str) -> None:
        """Something was looked at that cannot be looked at again."""


_watcher: t.Optional[Watcher] = None


@contextlib.contextmanager
def watching(watcher: t.Optional[Watcher]) -> t.Iterator[None]:
    """Report to *watcher* for as long as the block runs."""
    global _watcher  # noqa: PLW0603  # of the process, its threads included
    former, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = former


def unwatched() -> t.ContextManager[None]:
    """Report nothing: what depends on these looks is looked at in another way, too."""
    return watching(None)


@contextlib.contextmanager
def spoiled_by(*errors: t.Type[Exception]) -> t.Iterator[None]:
    """Of a look that may end with one of *errors*: there is no trace of a plan that goes on without an answer."""
    try:
        yield
    except errors as exc:
        spoil(str(exc))
        raise


def saw(kind: str, arguments: t.Tuple[t.Any, ...], answer: t.Any) -> None:
    """Report a look."""
    if _watcher is not None:
        _watcher.saw(kind, arguments, answer)


def answered(path: str, question: str, value: t.Any) -> t.Any:
    """Report an answer of dockerd, and return it."""
    return value if _watcher is None else _watcher.answered(path, question, value)


def spoil(why: str) -> None:
    """Report what no trace can hold."""
    if _watcher is not None:
        _watcher.spoil(why)
