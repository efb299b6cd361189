# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All observations of the host are reported here, to the recorder of a trace (trace/recorder.py) if there is one."""

from __future__ import annotations

import abc
import contextlib
import typing as t


class Watcher(abc.ABC):
    """The interface of a recorder."""

    @abc.abstractmethod
    def saw(self, kind: str, arguments: t.Tuple[t.Any, ...], answer: t.Any) -> None:
        """Record that a look of this *kind* (trace/replay.py, LOOKS) returned *answer*."""

    @abc.abstractmethod
    def answered(self, path: str, question: str, value: t.Any) -> t.Any:
        """Record that dockerd at *path* answered *value* to GET *question*; returns the value for the caller."""

    @abc.abstractmethod
    def spoil(self, why: str) -> None:
        """Something was observed that cannot be replayed, so that there is no trace."""


_watcher: t.Optional[Watcher] = None


@contextlib.contextmanager
def watching(watcher: t.Optional[Watcher]) -> t.Iterator[None]:
    """Report to *watcher* within the block."""
    global _watcher  # noqa: PLW0603  # per process, shared by its threads
    former, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = former


def unwatched() -> t.ContextManager[None]:
    """Report nothing: other looks cover what depends on these."""
    return watching(None)


@contextlib.contextmanager
def spoiled_by(*errors: t.Type[Exception]) -> t.Iterator[None]:
    """For a look that may raise one of *errors*: a plan that continues without an answer leaves no trace."""
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
    """Report something that cannot be replayed."""
    if _watcher is not None:
        _watcher.spoil(why)
