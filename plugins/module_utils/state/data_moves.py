# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of docker and containerd that is being moved, and containerd's file to restore until docker runs from there.

daemon.json has a way back of its own (rollback.py).
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import CONFIG
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import (
    back_up,
    copy_of,
    mode_of,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.copy_start import NEVER, Start
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import FormerFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile

Name = t.Literal["docker", "containerd"]


@dataclass(frozen=True)
class Move:
    """From *source* to *target*, whose content is ours; *start* is when copying began.

    *source* goes once docker and *builders*, containers that ran before, run from *target*. *ran*: docker was seen to
    run from there, so *target* is newer than *source*. *left* are sources of earlier moves, which go with it.
    """

    source: str
    target: str
    start: Start = NEVER
    builders: t.Tuple[str, ...] = ()
    ran: bool = False
    left: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Moves:
    """The moves that are not complete, and the file of containerd.

    *former* is that file before a move that docker was not seen to run after; *replaced_by* is the digest of the file
    then, "" once docker runs. *original* is the file before the first move, and *written* the digest of ours. *copies*
    are targets from before another one was asked for, to which nothing moved, with the name of the data.
    """

    docker: t.Optional[Move] = None
    containerd: t.Optional[Move] = None
    former: t.Optional[FormerFile] = None
    replaced_by: str = ""
    original: t.Optional[FormerFile] = None
    written: str = ""
    copies: t.Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> t.Optional[Move]:
        """The move of docker's or containerd's data."""
        return self.docker if name == "docker" else self.containerd


RECORD = RecordFile("data-roots", Moves)


def following(known: t.Optional[Move], now: str, wanted: str) -> Move:
    """The move from *now* to *wanted*, after the *known* one, which may be the same. Pure."""
    if known is None:
        return Move(now, wanted)
    if not known.ran and (known.source, known.target) == (now, wanted):
        return known
    if now != known.target:  # it came back from there, or never was there
        return Move(now, wanted, left=tuple(each for each in known.left if each not in (now, wanted)))
    left = tuple(each for each in (*known.left, known.source) if each not in (now, wanted))
    return Move(now, wanted, builders=known.builders, left=left)


def begin(name: str, now: str, wanted: str) -> Move:
    """Record the move that begins, or goes on; what an earlier one copied elsewhere is recorded, too."""
    found = RECORD.read()
    known = found.of(name)
    move = following(known, now, wanted)
    copies = {path: each for path, each in found.copies.items() if path != wanted}
    if known is not None and known.target not in (now, wanted) and not known.ran:
        copies[known.target] = name
    change: t.Dict[str, t.Any] = {name: move, "copies": copies}
    RECORD.update(lambda record: dataclasses.replace(record, **change))
    return move


def drop(name: str, folder: str) -> None:
    """Record that a former place is gone; with the source the move is complete."""
    move = RECORD.read().of(name)
    if move is not None and move.source != folder:
        note(name, dataclasses.replace(move, left=tuple(each for each in move.left if each != folder)))
    else:
        note(name, None)


def note(name: str, move: t.Optional[Move]) -> None:
    """Record a move, None once it is complete."""
    change: t.Dict[str, t.Any] = {name: move}
    RECORD.update(lambda found: dataclasses.replace(found, **change))


def note_run(name: str) -> None:
    """Record that docker runs with what was moved."""
    move = RECORD.read().of(name)
    if move is not None:
        note(name, dataclasses.replace(move, ran=True))


def write_config(text: t.Optional[str], *, is_original: bool) -> None:
    """Replace containerd's file by *text* (None: remove it); *is_original*: that is the file before the first move."""
    former, digest = FormerFile(back_up(CONFIG), mode_of(CONFIG)), _digest(text)

    def changed(found: Moves) -> Moves:
        original = None if is_original else found.original or former
        written = "" if is_original else digest
        return dataclasses.replace(found, former=former, replaced_by=digest, original=original, written=written)

    RECORD.update(changed)
    _write(text, former.mode)


def original(current: t.Optional[str]) -> t.Optional[FormerFile]:
    """containerd's file before the first move, if *current* is what we wrote since; None if it is unknown or lost."""
    found = RECORD.read()
    first = found.original if found.written and found.written == _digest(current) else None
    return None if first is None or (first.backup and not look.exists(first.backup)) else first


def settle() -> None:
    """docker runs with containerd's file: there is no way back to the former one."""
    RECORD.update(lambda found: dataclasses.replace(found, former=None, replaced_by=""))


def is_open() -> bool:
    """Whether containerd's file is from a move after which docker was not seen to run."""
    return RECORD.read().replaced_by == _digest(read(CONFIG))


def put_back() -> None:
    """Restore containerd's former file, if docker was not seen to run with the new one, and start containerd with it.

    A copy that docker may have changed is not trusted again.
    """
    found = RECORD.read()
    former = found.former
    if former is not None and is_open():
        text = copy_of(CONFIG, former.backup) if former.backup else None
        _write(text, former.mode)
        is_first = found.original == former
        found = dataclasses.replace(
            found,
            former=None,
            replaced_by="",
            original=None if is_first else found.original,
            written="" if is_first else _digest(text),
        )
        run(["systemctl", "restart", "containerd.service"])
    changed = dataclasses.replace(found, docker=_untrusted(found.docker), containerd=_untrusted(found.containerd))
    RECORD.update(lambda _found: changed)


def _untrusted(move: t.Optional[Move]) -> t.Optional[Move]:
    return move and dataclasses.replace(move, start=NEVER)


def _write(text: t.Optional[str], mode: int) -> None:
    if text is None:
        remove(RemoveFile(CONFIG))
    else:
        write(WriteFile(CONFIG, text, mode, keeps=True))


def _digest(text: t.Optional[str]) -> str:
    return "no file" if text is None else hashlib.sha256(text.encode()).hexdigest()
