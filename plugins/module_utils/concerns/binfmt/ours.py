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
    write_link,
)
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
    path = file_of(name)
    link = look.link(path)
    if name in names():
        if mask_of(name) is None:
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
    found, path = former(name), file_of(name)
    if mask_of(name) is not None:
        return
    if found.link is not None:
        write_link(path, found.link)
    elif found.backup is None:
        remove(RemoveFile(path))
    elif look.exists(found.backup) or look.exists(path):  # else someone removed it, as there is nothing to restore
        write(WriteFile(path, copy_of(path, found.backup), found.mode, follows=False))


def mask_of(name: str) -> t.Optional[str]:
    """The target of the handler's file if that is a link to /dev/null, which masks it in systemd; else None."""
    path = file_of(name)
    return look.link(path) if is_mask(look.real(path)) else None
