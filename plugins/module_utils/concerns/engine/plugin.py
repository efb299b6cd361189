# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buildx plugin in the administrator's folder: tested before it is installed, with rollback to the former one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import elf_machine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    BUILDX_FOR_BUILDERS,
    Plugin,
    PluginState,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.messages import PLACE, of_url
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD, OwnPlugin
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import (
    FOLDERS,
    NAME,
    buildx_version,
    version_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

_VARIABLE = "builder_buildx_plugin"
_MODE = 0o755
_CHUNK = 1024**2


def observe(*, asked: bool) -> PluginState:
    """The state of the plugin's path; a file that others cannot run does not count as a plugin."""
    ours = RECORD.read().plugin
    digest = _digest(any_mode=not asked) if asked or ours else None
    if ours is None or asked:
        return PluginState(digest, ours.sha256 if ours else None)
    otherwise = ours.former_version if ours.former else buildx_version(FOLDERS[1:])
    return PluginState(digest, ours.sha256, otherwise, ours.former is not None)


def place(wanted: Plugin, proxy: Proxy) -> None:
    """Install *wanted* after checking that it is the specified file, and runs here. Raises HostError."""
    with _new_file() as new:
        _fill(new, wanted, proxy)
        new.chmod(_MODE)
        _prove(new, wanted)
        ours = RECORD.read().plugin or OwnPlugin("")
        present = _digest(any_mode=True)
        if look.exists(PLACE) and present != ours.sha256:
            ours = OwnPlugin("", _put_aside(), buildx_version(FOLDERS[:1]))
        # Recorded before it is installed: a crash in between records too much, never too little.
        placed = replace(ours, sha256=wanted.sha256)
        RECORD.update(lambda found: replace(found, plugin=placed))
        new.replace(at(PLACE))
        files.sync_folder(at(FOLDERS[0]))


def leave() -> None:
    """Remove our plugin, and restore the former one."""
    ours = RECORD.read().plugin
    former = ours.former if ours else None
    if former is None:
        files.remove(RemoveFile(PLACE, folder=True))
    else:
        with _new_file() as new:
            _copy(_there(former), new)
            new.chmod(_MODE)
            new.replace(at(PLACE))
            files.sync_folder(at(FOLDERS[0]))
        at(former).unlink()
    forget()


def _there(former: str) -> pathlib.Path:
    if not look.exists(former):
        raise files.no_copy(PLACE, former)
    return at(former)


def forget() -> None:
    """No plugin is managed any more."""
    RECORD.update(lambda found: replace(found, plugin=None))


def _fill(new: pathlib.Path, wanted: Plugin, proxy: Proxy) -> None:
    """The content of *wanted*, whose digest is checked."""
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.download import chunks

    source = f"{_VARIABLE}.{'url' if wanted.url else 'src'}"
    try:
        pieces = chunks(wanted.url, proxy) if wanted.url else _pieces(wanted.src or "")
        digest = hashlib.sha256()
        with new.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except HostError as exc:
        raise HostError(f"{source}: {exc}: fix the address, or check that this host reaches it") from exc
    except OSError as exc:
        raise HostError(f"{source}: {exc}") from exc
    if digest.hexdigest() != wanted.sha256:
        shown = of_url(wanted.url) if wanted.url else "the file"
        raise HostError(
            f"{_VARIABLE}.sha256 = {wanted.sha256}: {shown} has {digest.hexdigest()}, and was not installed: fix the"
            " checksum if the file is the intended one, else the source"
        )


def _prove(new: pathlib.Path, wanted: Plugin) -> None:
    """Raise HostError unless *new* is a buildx for this host, in a supported version."""
    source = (wanted.url and of_url(wanted.url)) or "its file"
    machine = elf_machine.mismatch(*(look.head(each, elf_machine.HEADER) for each in (new, sys.executable)))
    if machine:
        raise HostError(f"{_VARIABLE}: {source} is {machine}: take the buildx for this host")
    try:
        said = run([str(new), "version"], timeout=60)
    except (OSError, HostError) as exc:
        raise HostError(f"{_VARIABLE}: {source} does not run on this host: {exc}") from exc
    version = version_in(said.stdout)
    if version is None or "buildx" not in said.stdout:
        raise HostError(f"{_VARIABLE}: {source} is not a buildx: its version command failed: {said.cause}")
    if version_of(version) < BUILDX_FOR_BUILDERS:
        raise HostError(f"{_VARIABLE}: {source} is buildx {version}, but builders need 0.13 or newer: take a newer one")
    if wanted.version and version_of(version) != version_of(wanted.version):
        raise HostError(f"{_VARIABLE}.version = {wanted.version}: {source} is buildx {version}: fix either of them")


@contextlib.contextmanager
def _new_file() -> t.Iterator[pathlib.Path]:
    """An empty file beside the path, removed unless it is moved there. docker ignores .NAME as a plugin."""
    try:
        files.make_folders(at(FOLDERS[0]))
        files.remove_leftovers(at(PLACE))
        descriptor, name = tempfile.mkstemp(prefix=f".{NAME}.{os.getpid()}.", dir=at(FOLDERS[0]))
        os.close(descriptor)
    except OSError as exc:
        raise HostError(f"{FOLDERS[0]} cannot be written: {exc}") from exc
    try:
        yield at(name)
    except OSError as exc:
        raise HostError(f"{PLACE} cannot be replaced: {exc}") from exc
    finally:
        at(name).unlink(missing_ok=True)


def _pieces(path: str) -> t.Iterator[bytes]:
    with at(path).open("rb") as file:
        yield from iter(lambda: file.read(_CHUNK), b"")


def _digest(*, any_mode: bool = False) -> t.Optional[str]:
    """SHA-256 of the file at the path, None if there is none, or not every user can run it, unless in *any_mode*."""
    state = look.state(PLACE)  # as long as that is the same, so is the content
    if state is None or (state.st_mode & 0o777 != _MODE and not any_mode):
        return None
    try:
        digest = hashlib.sha256()
        for piece in _pieces(PLACE):
            digest.update(piece)
        return digest.hexdigest()
    except OSError as exc:
        raise HostError(f"{PLACE} cannot be read: {exc}") from exc


def _put_aside() -> str:
    target = files.backup_path(PLACE)
    _copy(at(PLACE), at(target))
    return str(target)


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    shutil.copyfile(source, target)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
