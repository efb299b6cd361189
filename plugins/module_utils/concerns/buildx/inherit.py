# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What builders get that users make themselves: each user's buildkitd.default.toml, and the certificates it names.

docker/buildx, v0.9.1 to v0.36.1: without --config, `create` of any driver takes this file of the store's folder
(util/confutil/config.go; commands/create.go, since 0.13 builder/builder.go), and copies what it names into the entry
(util/confutil/container.go). The driver remote refuses whatever it gets so (driver/remote/factory.go).
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import digest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD, BuildxRecord
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, back_up, differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Inherited
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Effect,
    Kind,
    Note,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    forget_owned,
    is_as_written,
    remove_owned,
    write_owned,
)

_NAME = "buildkitd.default.toml"
_CERTIFICATES = "multiarch-builders"  # buildx has nothing of this name in that folder
_INSIDE = "/etc/buildkit/certs/"
_REMEMBERED = 20  # contents of one certificate: rotations that a job's builder may live through


@dataclass(frozen=True)
class SetDefaults:
    """The step that writes and then removes files of *user*; *certificates* as in Inherited.

    In this order no builder that is created meanwhile misses a file.
    """

    user: str
    write: t.Tuple[WriteFile, ...] = ()
    remove: t.Tuple[RemoveFile, ...] = ()
    certificates: t.Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ForgetDefaults:
    """The step that drops files from the record, and leaves them as they are."""

    paths: t.Tuple[str, ...]


@dataclass(frozen=True)
class Defaults:
    """The files of *user*, of which *path* is buildkitd.default.toml: those to *write*, to *remove*, to *forget*.

    *ours* says whether *path* is a managed file, *text* is what it holds, if it is to be written. *changed* are managed
    files that someone else changed, *foreign* says that *path* is someone else's, *remotes* are the user's own builders
    with the driver remote. *restores* says that removing *path* restores a foreign file.
    """

    user: str
    path: str = ""
    ours: bool = False
    text: str = ""
    write: t.Tuple[WriteFile, ...] = ()
    remove: t.Tuple[RemoveFile, ...] = ()
    forget: t.Tuple[str, ...] = ()
    changed: t.FrozenSet[str] = frozenset()
    foreign: bool = False
    remotes: t.Tuple[str, ...] = ()
    restores: bool = False


def path_of(user: str) -> str:
    """The file that buildx takes for builders that *user* creates."""
    return f"{store.folder(user)}/{_NAME}"


def files(wanted: Inherited, user: str) -> t.Tuple[WriteFile, ...]:
    """The files that *user* needs, readable only by that user; the one that names the others is the last."""
    folder, owner = f"{store.folder(user)}/{_CERTIFICATES}/", owner_of(user)
    found = {folder + name: pem for name, pem in sorted(wanted.certificates.items())}
    found[path_of(user)] = wanted.config.replace(_INSIDE, _quoted(folder))
    return tuple(WriteFile(path, content, mode=0o600, owner=owner) for path, content in found.items())


def _quoted(path: str) -> str:
    """What stands for *path* between quotes, in TOML as in JSON."""
    return json.dumps(path, ensure_ascii=False)[1:-1]


def observe(wanted: Inherited, managed: t.Collection[str] = ()) -> t.Tuple[Defaults, ...]:
    """The files of all who need some or have managed ones; *managed* are the names of our builders, in lower case."""
    known = RECORD.read()
    found, left = [], dict.fromkeys(known.files)
    for user in wanted.users:
        present = [path for path in left if path.startswith(f"{store.folder(user)}/")]
        found.append(_of_user(wanted, user, present, managed))
        left = {path: None for path in left if path not in present}
    for user in sorted({known.owners.get(path, "root") for path in left}):
        found.append(_leaving(user, [path for path in left if known.owners.get(path, "root") == user]))
    return tuple(found)


def _of_user(wanted: Inherited, user: str, present: t.Sequence[str], managed: t.Collection[str]) -> Defaults:
    path, ours, owner = path_of(user), path_of(user) in present, owner_of(user)
    foreign = not ours and _exists(path, user)
    entries = store.entries(user, managed) if not ours else {}
    remotes = tuple(sorted(each.name for each in entries.values() if each.driver == "remote"))
    if (foreign or remotes) and not wanted.takeover:
        return replace(_leaving(user, present), path=path, foreign=foreign, remotes=remotes)
    asked = files(wanted, user)
    write = tuple(each for each in asked if differs(each))
    paths = {each.path for each in asked}
    there = [each.path for each in write if each.path in present]
    return Defaults(
        user,
        path,
        ours=ours,
        text=(read(path, owner, errors="replace") or "") if path in [each.path for each in write] else "",
        write=write,
        remove=tuple(RemoveFile(each, folder=True, owner=owner) for each in sorted({*present} - paths)),
        changed=frozenset(each for each in there if not is_as_written(RECORD, each, owner)),
        foreign=foreign,
        remotes=remotes,
    )


def _leaving(user: str, present: t.Sequence[str]) -> Defaults:
    """All managed files of *user* go; what someone else changed stays, with what it may name."""
    if not present or not is_user(user):
        return Defaults(user, forget=tuple(present))
    owner = owner_of(user)
    changed = frozenset(path for path in present if not is_as_written(RECORD, path, owner))
    top = next((path for path in present if path.endswith(f"/{_NAME}")), "")
    stay = {*present} if top in changed else changed
    remove = sorted({*present} - stay, key=lambda path: (path != top, path))
    former = RECORD.read().former.get(top)
    return Defaults(
        user,
        top,
        ours=bool(top),
        remove=tuple(RemoveFile(path, folder=path != top, owner=owner) for path in remove),
        forget=tuple(sorted(stay)),
        changed=changed,
        restores=former is not None and former.backup is not None,
    )


def _exists(path: str, user: str) -> bool:
    try:
        with acting_as(owner_of(user)):
            return look.exists(path)
    except OSError as exc:
        raise HostError(f"{path} cannot be read: {exc}") from exc


def actions_for(found: t.Iterable[Defaults], wanted: Inherited) -> t.List[Action]:
    """The changes of each user's files. Pure."""
    actions = []
    for each in found:
        if each.write or each.remove:
            step = SetDefaults(each.user, each.write, each.remove, wanted.certificates if each.write else {})
            told = _written(each) if each.write else _removed(each)
            actions.append(Action(told, step, frozenset({Effect.BUILDER_TRUST_CHANGES}), _difference(each)))
        if each.forget:
            why = f"{', '.join(sorted(each.changed))} was changed by someone else, and is kept"
            if not each.changed:
                why = f"{each.user} does not exist on this host"
            actions.append(
                Action(f"forget what builders that {each.user} makes get: {why}", ForgetDefaults(each.forget))
            )
    return actions


def _written(each: Defaults) -> str:
    whole = any(file.path == each.path for file in each.write)
    names = [file.path.rpartition(f"/{_CERTIFICATES}/")[2] for file in each.write if file.path != each.path]
    what = ([each.path] if whole else []) + ([f"certificates ({', '.join(names)})"] if names else [])
    gone = ", ".join(file.path.rpartition(f"/{_CERTIFICATES}/")[2] for file in each.remove)
    told = f"write {' and '.join(what)}{f', remove {gone}' if gone else ''}, for builders that {each.user} makes"
    if each.changed:
        told += f": someone else changed {', '.join(sorted(each.changed))}"
    return told + (": it replaces a foreign file, which is kept to be restored" if each.foreign else "")


def _removed(each: Defaults) -> str:
    count = sum(file.path != each.path for file in each.remove)
    what = [each.path] if any(file.path == each.path for file in each.remove) else []
    what += [f"{count} certificate{'s' if count > 1 else ''}"] if count else []
    back = "; the file from before comes back" if each.restores else ""
    return f"remove {' and '.join(what)}, for builders that {each.user} makes: no longer asked for{back}"


def _difference(each: Defaults) -> t.Optional[Difference]:
    """That of buildkitd.default.toml, which holds no secrets."""
    after = next((file.content for file in each.write if file.path == each.path), None)
    return None if after is None or after == each.text else Difference(each.path, each.text, after)


def notes(found: t.Iterable[Defaults], wanted: Inherited) -> t.List[Note]:
    """What is left alone, and what is limited. Pure."""
    told = [note for each in found for note in _notes_on(each)]
    if wanted.proxied and any(each.path and not each.foreign for each in found):
        words = "buildx takes it from --driver-opt alone, such as env.HTTPS_PROXY=URL"
        told.append(Note(Kind.LIMIT, f"BuildKit in builders that users make does not use builder_proxy: {words}"))
    return told


def _notes_on(each: Defaults) -> t.Iterator[Note]:
    rest = f"builders that {each.user} makes do not get this host's registries"
    takeover = "or set builder_inherit.takeover=true"
    if each.write:
        if not each.ours:
            words = "`docker buildx create --driver remote` needs another BUILDX_CONFIG (docs/builders.md)"
            yield Note(Kind.LIMIT, f"beside {each.path}, {words}")
    elif each.foreign:
        yield Note(Kind.LEFT_ALONE, f"{each.path} is someone else's, and is kept: {rest}. Remove it, {takeover}")
    elif each.remotes:
        why = f"beside it buildx creates no builders with the driver remote, as {', '.join(each.remotes)} is"
        out = f"leave {each.user} out of builder_inherit.users, {takeover}"
        yield Note(Kind.LEFT_ALONE, f"{each.path} is not written, as {why}; {rest}: {out}")


def set_defaults(step: SetDefaults) -> None:
    """Write and remove one user's files. What certificates were is recorded first, to find builders that have them."""
    if step.write:
        config_dir.note(step.user)
    remember(step.certificates)
    for file in step.write:
        ours = file.path in RECORD.read().files  # of a foreign one the record keeps a copy, to restore it
        if ours and not is_as_written(RECORD, file.path, file.owner):
            back_up(file.path, file.owner)
        write_owned(RECORD, file)
    for left in step.remove:
        remove_owned(RECORD, left)
        if left.folder:  # multiarch-builders/REGISTRY/FILE
            with acting_as(left.owner), contextlib.suppress(OSError):
                at(pathlib.PurePath(left.path).parents[1]).rmdir()


def forget_defaults(step: ForgetDefaults) -> None:
    """Drop them from the record."""
    for path in step.paths:
        forget_owned(RECORD, path)


def remember(certificates: t.Mapping[str, str]) -> None:
    """Record the digests of *certificates* as the newest that builders got."""

    def changed(found: BuildxRecord) -> BuildxRecord:
        known = {**found.inherited}
        for name, pem in certificates.items():
            new = digest(pem.encode())
            known[name] = (*(each for each in known.get(name, ()) if each != new), new)[-_REMEMBERED:]
        return replace(found, inherited=known)

    if certificates:
        RECORD.update(changed)
