# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker contexts of a host's users: created, changed and removed as files, with the rights of each user.

docker's own commands would take a key from a file in an argument, and refuse to change the current context.
"""

from __future__ import annotations

import contextlib
import pathlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts import looks
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.decide import (
    ContextsState,
    ForgetContext,
    RemoveContext,
    WriteContext,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.plan import planned
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.store import tls_folder
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, back_up, remove
from ansible_collections.multiarch.builders.plugins.module_utils.host.homes import require_home
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Context, Params, contexts_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    forget_owned,
    remove_owned,
    set_aside,
    write_owned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without


@dataclass
class Contexts(Concern[ContextsState]):
    """The contexts of the table."""

    contexts: t.Tuple[Context, ...]
    concern: t.ClassVar[str] = "contexts"
    again: t.ClassVar[bool] = True  # a builder that no longer has a node there needs it until then
    why: t.ClassVar[str] = ", no longer asked for"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Contexts:  # noqa: ARG003  # needs no Docker
        return cls(contexts_of(params))

    def observe(self) -> ContextsState:
        for user in dict.fromkeys(user for each in self.contexts for user in each.users):
            require_home(user)
        return looks.observe(self.contexts)

    def plan(self, state: ContextsState, effects: Effects) -> Plan:
        return planned(state, self.why, effects)

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {WriteContext: _write, RemoveContext: _remove, ForgetContext: _forget}
        perform(actions, doers)


def _write(step: WriteContext) -> None:
    """Certificates first, as the context is used as soon as its meta.json is there."""
    owner = owner_of(step.own.user)
    config_dir.note(step.own.user)
    # recorded before: a crash in between records too much, never too little
    RECORD.update(lambda found: replace(found, contexts={**found.contexts, step.meta: step.own}))
    ours = RECORD.read().files
    for path in step.changed:
        back_up(path, owner)
        if path not in ours:  # someone else put it into our context: it is not what was there before
            remove(RemoveFile(path, owner=owner))
    for file in sorted(step.write, key=lambda file: file.path == step.meta):
        write_owned(RECORD, file)
    for left in step.remove:
        set_aside(RECORD, left)
    if step.remove or step.hollow:
        _remove_empty(_tls_folders(step.meta), owner)


def _remove(step: RemoveContext) -> None:
    owner = owner_of(step.own.user)
    # or, after a crash, what is restored already would look as if someone else had made it
    RECORD.update(lambda found: replace(found, contexts={**found.contexts, step.meta: replace(step.own, leaves=True)}))
    for path in step.paths:
        remove_owned(RECORD, RemoveFile(path, owner=owner))
    _remove_empty((*_tls_folders(step.meta), pathlib.PurePath(step.meta).parent), owner)
    _drop(step.meta)


def _tls_folders(meta: str) -> t.Tuple[pathlib.PurePath, ...]:
    tls = pathlib.PurePath(tls_folder(meta))
    return tls, tls.parent


def _remove_empty(folders: t.Iterable[pathlib.PurePath], owner: Owner) -> None:
    """They belong to one context, whoever made them."""
    with acting_as(owner):
        for each in folders:
            with contextlib.suppress(OSError):
                at(each).rmdir()


def _forget(step: ForgetContext) -> None:
    for path in step.paths:
        forget_owned(RECORD, path)
    _drop(step.meta)


def _drop(meta: str) -> None:
    RECORD.update(lambda found: replace(found, contexts=without(found.contexts, meta)))
