# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users' contexts as they are, compared with the specified and the managed ones."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.decide import (
    Asked,
    ContextsState,
    Leaving,
    WriteContext,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.record import (
    RECORD,
    ContextsRecord,
    OwnContext,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.builder_nodes import builders_at
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import fingerprints
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Context
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import is_as_written


def observe(wanted: t.Sequence[Context]) -> ContextsState:
    """All of *wanted*, each for each of its users, and all managed ones that are not among them."""
    known = RECORD.read()
    pairs = {store.meta_path(user, each.name): (each, user) for each in wanted for user in each.users}
    return ContextsState(
        tuple(_asked(each, user, meta, known) for meta, (each, user) in pairs.items()),
        tuple(_leaving(own, meta, known) for meta, own in known.contexts.items() if meta not in pairs),
    )


def _asked(wanted: Context, user: str, meta: str, known: ContextsRecord) -> Asked:
    owner, folder = owner_of(user), store.tls_folder(meta)
    text, there = read(meta, owner, errors="replace"), _files(folder, owner)
    document, texts = store.parse(text), store.tls_texts(wanted)
    files = [WriteFile(f"{folder}/{name}", pem, 0o600, owner) for name, pem in texts.items()]
    files.append(WriteFile(meta, store.text_of(wanted, text), 0o644, owner))  # as docker writes it
    write = tuple(each for each in files if differs(each))
    remove = tuple(RemoveFile(each, owner=owner) for name, each in there.items() if name not in texts)
    ours = meta in known.files
    touched = [*(each.path for each in write), *(each.path for each in remove)]
    own = OwnContext(user, wanted.name, wanted.host, wanted.skip_tls_verify)
    host = None if document is None else store.host_of(document)
    return Asked(
        WriteContext(
            own,
            meta,
            write,
            remove,
            tuple(path for path in touched if ours and _is_changed(path, meta, known, owner)),
            hollow=_is_hollow(wanted, folder, owner) and not there,
        ),
        ours=ours,
        there=text is not None or bool(there),
        host=host,
        takeover=wanted.takeover,
        uses=builders_at(user, wanted.name) if host and host != wanted.host else (),
        before=store.described(document)
        + _fingerprints({name: read(each, owner, "replace") for name, each in there.items()}),
        after=store.described(store.parse(files[-1].content)) + _fingerprints(texts),
    )


def _files(folder: str, owner: Owner) -> t.Dict[str, str]:
    """{name: path} of the certificates and the key that are there."""
    try:
        with acting_as(owner):
            return {name: f"{folder}/{name}" for name in store.FILES if look.exists(f"{folder}/{name}")}
    except OSError as exc:
        raise HostError(f"{folder} cannot be read: {exc}") from exc


def _is_hollow(wanted: Context, folder: str, owner: Owner) -> bool:
    """Whether a folder without certificates makes docker use TLS where none is wanted."""
    if not wanted.host.startswith("tcp://") or wanted.skip_tls_verify or store.tls_texts(wanted):
        return False
    with acting_as(owner):
        return look.is_folder(folder)


def _fingerprints(texts: t.Mapping[str, t.Optional[str]]) -> str:
    """A line for each certificate; whether there is a key, and nothing of it."""
    told = [
        f"{name}: {line}\n"
        for name in (store.CA, store.CERTIFICATE)
        for line in fingerprints(texts.get(name) or "").splitlines()
    ]
    return "".join([*told, *([f"{store.KEY}: present\n"] if store.KEY in texts else [])])


def _is_changed(path: str, meta: str, known: ContextsRecord, owner: Owner) -> bool:
    """Whether someone else made or changed a file of a managed context; a missing or unreadable one counts as ours."""
    text = read(path, owner, errors="replace")
    if text is None or (path in known.files and is_as_written(RECORD, path, owner)):
        return False
    if path != meta:
        return True
    document, own = store.parse(text), known.contexts.get(meta)
    if document is None or own is None:
        return False
    return (store.host_of(document), store.skips_verification(document)) != (own.host, own.skip_tls_verify)


def _leaving(own: OwnContext, meta: str, known: ContextsRecord) -> Leaving:
    folder = store.tls_folder(meta)
    paths = tuple(path for path in known.files if path == meta or path.startswith(f"{folder}/"))
    if not is_user(own.user):
        return Leaving(own, meta, paths, stranger=True)
    owner, former = owner_of(own.user), known.former.get(meta)
    restores = former is not None and former.backup is not None
    there = (meta, *_files(folder, owner).values())
    return Leaving(
        own,
        meta,
        tuple(sorted(paths, key=lambda path: path == meta, reverse=not restores)),
        changed=not own.leaves and any(_is_changed(path, meta, known, owner) for path in there),
        there=read(meta, owner, errors="replace") is not None,
        current=config_json.load(own.user).get("currentContext") == own.name,
        uses=builders_at(own.user, own.name),
        restores=restores,
    )
