# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed handlers, and what was registered in their place before."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    file_of,
    is_mask,
    is_ours,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    registration_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD, Former
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    back_up,
    copy_of,
    mode_of,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without


def names() -> t.FrozenSet[str]:
    """The managed handlers."""
    return RECORD.read().handlers


def former(name: str) -> Former:
    """What was there before the managed handler *name*."""
    return RECORD.read().former.get(name, Former())


def is_lost(found: Former) -> bool:
    """Whether its emulator is not on this host: a container registered it, and only the kernel held it open."""
    return found.line is not None and not look.exists(found.interpreter)


def own(name: str, current: t.Optional[Handler]) -> None:
    """Record the handler *name* as managed; *current* is the registered one of that name."""
    path, link = file_of(name), mask_of(name)
    if name in names():
        if link is None:
            return
        before = replace(former(name), link=link)  # someone masked ours
    else:
        before = Former(link=link) if link else Former(back_up(path), mode_of(path))
        if current is not None and not is_ours(current):
            before = replace(
                before, line=registration_of(current), interpreter=current.interpreter, enabled=current.enabled
            )
    kept = {name: before} if before != Former() else {}
    RECORD.update(lambda found: replace(found, handlers=found.handlers | {name}, former={**found.former, **kept}))


def disown(name: str) -> None:
    """The handler *name* is no longer managed."""
    RECORD.update(lambda found: replace(found, handlers=found.handlers - {name}, former=without(found.former, name)))


def put_file_back(name: str) -> None:
    """Restore the handler's file in /etc/binfmt.d, or remove it if there was none; a foreign mask is kept."""
    found = former(name)
    if mask_of(name) is not None:
        return
    if found.backup is None or found.link is not None:
        remove(RemoveFile(file_of(name)))
        if found.link is not None:
            at(file_of(name)).symlink_to(found.link)
        return
    if not look.exists(found.backup) and not look.exists(file_of(name)):
        return  # someone removed it, as there is nothing to restore
    write(WriteFile(file_of(name), copy_of(file_of(name), found.backup), found.mode))


def mask_of(name: str) -> t.Optional[str]:
    """The target of the handler's file if that is a link to /dev/null, which masks it in systemd; else None."""
    path = file_of(name)
    return look.link(path) if is_mask(look.real(path)) else None


def unmask(name: str) -> None:
    """Remove the mask, to make room for a managed file."""
    if mask_of(name) is not None:
        remove(RemoveFile(file_of(name)))
