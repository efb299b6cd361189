# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's ~/.docker: what existed before us, so that what docker and buildx add for us can be removed again."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile

_CONFIG, _STORE = "config.json", "buildx"
# What users have in the store (docker/buildx, store/store.go, localstate/localstate.go, util/confutil/config.go), and
# where our files for their builders are, of which only changed ones are left here.
_OF_USERS = ("instances", "defaults", "refs", "buildkitd.default.toml", "multiarch-builders")
# What buildx stores for itself beside its store (util/confutil; moby/buildkit, session/auth/authprovider).
_BOOKKEEPING = (".buildNodeID", ".token_seed", ".token_seed.lock")


@dataclass(frozen=True)
class Before:
    """Whether the *folder*, its *config* and the *store* of buildx existed before us."""

    folder: bool = True
    config: bool = True
    store: bool = True


@dataclass(frozen=True)
class Homes:
    """~/.docker of each of *users* as it was before us."""

    users: t.Mapping[str, Before] = field(default_factory=dict)


RECORD = RecordFile("homes", Homes, (lambda found: {"users": found},))


def note(user: str) -> None:
    """Record, once, which parts of ~/.docker existed before us."""
    if user not in RECORD.read().users:
        folder = _folder(user)
        with acting_as(owner_of(user)):
            now = Before(*map(look.exists, (folder, f"{folder}/{_CONFIG}", f"{folder}/{_STORE}")))
        RECORD.update(lambda found: replace(found, users={**found.users, user: now}))


def before(user: str) -> Before:
    """What existed before us; all of it if unknown."""
    return RECORD.read().users.get(user, Before())


def untidy() -> t.Tuple[str, ...]:
    """The users whose ~/.docker has parts that were created for us."""
    users = [user for user in RECORD.read().users if is_user(user)]
    return tuple(user for user in users if any(map(look.exists, _ours(user))))


def tidy(user: str) -> None:
    """Remove it, unless it is in use by others. Raises HostError."""
    folder, came, ours = _folder(user), not before(user).folder, _ours(user)
    try:
        with acting_as(owner_of(user)):
            for path in ours:
                if path == f"{folder}/{_STORE}" and not _is_used(path):
                    shutil.rmtree(at(path))
                elif look.is_file(path):
                    at(path).unlink()
            if came and look.is_folder(folder) and not look.names(folder):
                at(folder).rmdir()
    except OSError as exc:
        raise HostError(f"{folder} cannot be cleaned up: {exc}") from exc


def _folder(user: str) -> str:
    return f"{user_entry(user).pw_dir}/.docker"


def _ours(user: str) -> t.List[str]:
    folder, found = _folder(user), []
    store, came = not before(user).store, not before(user).folder
    with acting_as(owner_of(user)):
        if store and look.is_folder(f"{folder}/{_STORE}"):
            found.append(f"{folder}/{_STORE}")
        if came and look.is_folder(folder):
            found += [f"{folder}/{name}" for name in _BOOKKEEPING if look.exists(f"{folder}/{name}")]
            found.append(folder)
    return found


def _is_used(store: str) -> bool:
    places = [f"{store}/{name}" for name in _OF_USERS]
    return any(path.is_file() for place in places for path in (at(place), *at(place).rglob("*")))
