# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs in the contexts of a host, and the steps on them. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.record import OwnContext
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class WriteContext:
    """The step that creates or changes a context, whose meta.json is *meta*. It holds a key: never print it.

    Files are written, then removed. Those *changed* since by someone else are backed up; *hollow* says that the empty
    folder of certificates is removed.
    """

    own: OwnContext
    meta: str
    write: t.Tuple[WriteFile, ...] = ()
    remove: t.Tuple[RemoveFile, ...] = ()
    changed: t.Tuple[str, ...] = ()
    hollow: bool = False


@dataclass(frozen=True)
class RemoveContext:
    """The step that removes the managed files *paths* of a context, or restores what was there before it."""

    own: OwnContext
    meta: str
    paths: t.Tuple[str, ...]


@dataclass(frozen=True)
class ForgetContext:
    """The step that drops a context from the record, and leaves its files as they are."""

    meta: str
    paths: t.Tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A specified context, and *step*, which makes what is there as specified.

    *there* says whether the user has a context of this name, and *ours* whether we made it. It leads to *host*, None if
    that is unknown. *takeover* allows to replace a foreign one, *uses* are the builders with a node there. *before* and
    *after* are what it is, for people.
    """

    step: WriteContext
    ours: bool = False
    there: bool = False
    host: t.Optional[str] = None
    takeover: bool = False
    uses: t.Tuple[str, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def differs(self) -> bool:
        """Whether there is something to do."""
        return bool(self.step.write or self.step.remove or self.step.hollow)


@dataclass(frozen=True)
class Leaving:
    """A managed context that is no longer specified, with its managed files *paths*.

    *stranger* says that its user does not exist any more, *changed* that someone else changed it, *current* that it is
    the user's current context. *there* and *uses* are as in Asked. *restores* says that another one comes back.
    """

    own: OwnContext
    meta: str
    paths: t.Tuple[str, ...]
    stranger: bool = False
    changed: bool = False
    there: bool = True
    current: bool = False
    uses: t.Tuple[str, ...] = ()
    restores: bool = False


@dataclass(frozen=True)
class ContextsState:
    """The contexts of a host's users."""

    asked: t.Tuple[Asked, ...] = ()
    leaving: t.Tuple[Leaving, ...] = field(default_factory=tuple)
