# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes what sshd lets in: users' lines, and sshd's own limits."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import authorised, plan
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.exchange import AUTHORIZED
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import RECORD, Client
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    ANY,
    acting_as,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import home_of, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Doers, perform
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import remove_owned, write_owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without

_SERVICES = ("ssh.service", "sshd.service")


def apply(actions: t.Sequence[Action]) -> None:
    """Apply *actions*. Raises HostError."""
    doers: Doers = {
        plan.SetLines: _set_lines,
        plan.ForgetLogin: lambda step: _remember(step.login, ()),
        plan.SetLimits: lambda step: _set_limits(step.file),
        plan.DropLimits: lambda step: _drop_limits(step.file),
        plan.ReloadSshd: lambda _step: _reload(),
    }
    perform(actions, doers)


def _set_lines(step: plan.SetLines) -> None:
    """Write one user's file. Recorded before: a crash in between records too much, never too little."""
    home, owner = home_of(step.login), owner_of(step.login)
    path, folder = f"{home}/{AUTHORIZED}", f"{home}/.ssh"
    found = RECORD.read()
    known = tuple(each for each in found.clients if each.login == step.login)
    text = read(path, owner, errors=ANY)
    after = authorised.with_lines(text or "", known, step.clients)
    made = found.made.get(step.login, ())
    with acting_as(owner):
        new = tuple(each for each in (folder, path) if not look.exists(each))
        mode = mode_of(path, 0o600)
    made = tuple(dict.fromkeys((*made, *new)))
    former = tuple(each for each in known if each not in step.clients)
    _remember(step.login, (*step.clients, *former), made)
    if step.clients or after:
        if after != text:
            write(WriteFile(path, after, mode, owner, keeps=True))
    elif path in made:
        remove(RemoveFile(path, owner=owner))
        if folder in made:
            with acting_as(owner), contextlib.suppress(OSError):
                at(folder).rmdir()
    elif text is not None:
        write(WriteFile(path, after, mode, owner, keeps=True))
    _remember(step.login, step.clients, made if step.clients else ())


def _remember(login: str, clients: t.Tuple[Client, ...], made: t.Tuple[str, ...] = ()) -> None:
    others = tuple(each for each in RECORD.read().clients if each.login != login)
    paths = {login: made} if made else {}
    RECORD.update(
        lambda found: replace(found, clients=(*others, *clients), made={**without(found.made, login), **paths})
    )


def _set_limits(file: WriteFile) -> None:
    write_owned(RECORD, file)
    RECORD.update(lambda found: replace(found, reload=True))
    checked = run(["sshd", "-t"])
    if checked.status != 0:
        remove_owned(RECORD, RemoveFile(file.path))
        RECORD.update(lambda found: replace(found, reload=False))
        raise HostError(f"sshd refuses {file.path}, which was removed again", checked.cause, said=checked.said)
    _reload()


def _drop_limits(file: RemoveFile) -> None:
    RECORD.update(lambda found: replace(found, reload=True))
    remove_owned(RECORD, file)
    _reload()


def _reload() -> None:
    """SIGHUP: sshd reads its files again, and sessions go on (sshd(8)). One that does not run needs none."""
    for unit in _SERVICES:
        if run(["systemctl", "is-active", "--quiet", unit]).status == 0:
            done = run(["systemctl", "reload", unit])
            if done.status != 0:
                raise HostError(f"{unit} cannot be reloaded", done.cause, said=done.said)
            break
    RECORD.update(lambda found: replace(found, reload=False))
