# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml in certs.d: the existing files, the differences, and the actions for them.

Where dockerd reads hosts.toml, it ignores the certificates beside it, unless the file names them.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import FilesState, Seen
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import hosts_files
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.registry_versions import (
    reads_hosts_toml,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host import file_modes
from ansible_collections.multiarch.builders.plugins.module_utils.host import look as look_at
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Difference
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import leftovers

_GONE = "no longer in builder_registries"


def observe(registries: t.Sequence[Registry], engine: t.Optional[str]) -> FilesState:
    """The differences from the files that *engine* (its version) reads."""
    return files_of(registries, engine, look(registries))


def look(registries: t.Sequence[Registry]) -> Seen:
    """The existing files for *registries*, whichever version reads them."""
    places = [certs_d.path(each.host, certs_d.HOSTS) for each in registries if each.hosts_toml or _keys_for(each)]
    folders = [certs_d.instead_of(each.host) for each in registries if _keys_for(each)]
    found = {path: file_modes.look(path) for path in places}
    own = (0o644, me().uid, me().gid)
    return Seen(
        {path: read(path, errors="replace") for path in places},
        frozenset(RECORD.read().files),
        frozenset(path for path, each in found.items() if each and (each.mode, each.uid, each.gid) != own),
        frozenset(each for each in folders if each and look_at.is_folder(each)),
    )


def files_of(registries: t.Sequence[Registry], engine: t.Optional[str], seen: Seen) -> FilesState:
    """The same for *seen*; nothing differs while *engine* is unknown. Pure."""
    if engine is None:
        return FilesState(seen=seen)
    wanted = hosts_files(registries, engine)
    missing = [each for each in wanted if seen.texts.get(each.path) != each.content or each.path in seen.loose]
    theirs = [each.path for each in missing if each.path not in seen.ours and seen.texts.get(each.path) is not None]
    write = tuple(each for each in missing if each.path not in theirs)
    remove = leftovers(seen.ours, wanted)
    reasons = {each.path: why_not(each.path, registries, engine) for each in remove}
    return FilesState(write, remove, tuple(theirs), reasons, seen, shadows=_shadows(registries, engine, seen))


def _keys_for(registry: Registry) -> t.Dict[str, str]:
    """{a certificate's file: the key of hosts.toml that names it, with its value}."""
    ca, cert, key = (
        certs_d.path(registry.host, name) for name in (certs_d.CA, certs_d.CLIENT_CERT, certs_d.CLIENT_KEY)
    )
    found = {certs_d.CA: f'ca = ["{ca}"]'} if registry.ca else {}
    return {**found, certs_d.CLIENT_CERT: f'client = [["{cert}", "{key}"]]'} if registry.client_cert else found


def _missing(registry: Registry, text: str) -> t.List[str]:
    """The keys without which a hosts.toml with this text hides the registry's certificates."""
    named = {name: key for name, key in _keys_for(registry).items() if re.search(f"[\"'/]{re.escape(name)}[\"']", text)}
    return [key for name, key in _keys_for(registry).items() if name not in named]


def _shadows(registries: t.Sequence[Registry], engine: t.Optional[str], seen: Seen) -> t.Dict[str, str]:
    found: t.Dict[str, str] = {}
    for each in registries if reads_hosts_toml(engine) else ():
        folder, path = certs_d.instead_of(each.host), certs_d.path(each.host, certs_d.HOSTS)
        text = seen.texts.get(path)
        if folder in seen.folders:
            found[each.host] = str(folder)
        elif text and path not in seen.ours and _missing(each, text):
            found[each.host] = path
    return found


def hides(registries: t.Sequence[Registry], files: FilesState, unread: t.Container[str]) -> bool:
    """Whether dockerd only has an *unread* CA (PEM) from the operating system's store, which it reads once. Pure."""
    hidden = [each for each in registries if each.host in files.shadows]
    return any(pem in unread for each in hidden for pem in blocks(each.ca or ""))


def why_not(path: str, registries: t.Sequence[Registry], engine: str) -> str:
    """Why the hosts.toml at *path* is not wanted. Pure."""
    for each in registries:
        if certs_d.path(each.host, certs_d.HOSTS) == path:
            if each.hosts_toml:
                return (
                    f"which Docker {engine} does not read: it only supports mirrors in daemon.json (28.0 and newer do)"
                )
            return f"as {each.host} no longer has mirrors in builder_registries"
    return _GONE


def actions_for(files: FilesState) -> t.List[Action]:
    """The required actions. Pure."""
    actions = [
        Action(
            f"write {each.path}, which docker reads at every pull",
            each,
            difference=Difference(each.path, files.seen.texts.get(each.path) or "", each.content),
        )
        for each in files.write
    ]
    return actions + [
        Action(f"remove {each.path}, {files.reasons.get(each.path, _GONE)}", each) for each in files.remove
    ]


def notes_on(files: FilesState, registries: t.Sequence[Registry] = ()) -> t.List[str]:
    """Notes on unmanaged files. Pure."""
    notes = [
        f"{each} is unmanaged and was not changed: remove it to have it created from mirrors" for each in files.theirs
    ]
    for each in registries:
        path, folder = files.shadows.get(each.host), certs_d.path(each.host, "")
        if path is None or path in files.theirs:
            continue
        if path == certs_d.instead_of(each.host):
            notes.append(f"{path} is unmanaged, and docker reads it in place of {folder}: move what it holds there")
        else:
            keys = " and ".join(f"`{key}`" for key in _missing(each, files.seen.texts.get(path) or ""))
            notes.append(
                f"{path} is unmanaged, and docker reads it in place of the certificates beside it: add {keys}, or "
                "remove it"
            )
    return notes
