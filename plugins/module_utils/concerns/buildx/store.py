# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's builder store, ~/.docker/buildx, as buildx writes it (docker/buildx, store/store.go)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import json
import os
import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, read, remove
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at, here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile

TOML = "buildkitd.toml"
CERTIFICATES = "certs/"


@dataclass(frozen=True)
class StoredNode:
    """One node of a stored builder; *files* are {"buildkitd.toml": content, "certs/REGISTRY/FILE": content}."""

    name: str
    endpoint: str
    driver_opts: t.Mapping[str, str]
    flags: t.Tuple[str, ...]
    files: t.Mapping[str, bytes]
    platforms: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredBuilder:
    """One builder of a store."""

    name: str
    driver: str
    nodes: t.Tuple[StoredNode, ...]


class BrokenEntryError(ValueError):
    """The entry is not a builder that buildx can read."""


def folder(user: str) -> str:
    """The directory of the store of *user*."""
    return f"{user_entry(user).pw_dir}/.docker/buildx"


def entry_path(user: str, builder: str) -> str:
    """The file of one builder; buildx stores names in lower case."""
    return f"{folder(user)}/instances/{builder.lower()}"


def parse(text: str) -> StoredBuilder:
    """The builder in an entry. Raises BrokenEntryError."""
    try:
        found = json.loads(text)
        nodes = tuple(_node(each) for each in found["Nodes"])
        return StoredBuilder(_text(found["Name"]), _text(found["Driver"]), nodes)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as exc:
        raise BrokenEntryError(f"{type(exc).__name__}: {exc}") from exc


def _node(found: t.Mapping[str, t.Any]) -> StoredNode:
    files = found.get("Files") or {}
    return StoredNode(
        name=_text(found["Name"]),
        endpoint=_text(found["Endpoint"]),
        driver_opts={name: _text(value) for name, value in (found.get("DriverOpts") or {}).items()},
        flags=tuple(map(_text, found.get("Flags") or ())),
        files={name: base64.b64decode(content) for name, content in files.items()},
        platforms=tuple(_platform(each) for each in found.get("Platforms") or ()),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in place of text")
    return value


def _platform(found: t.Mapping[str, str]) -> str:
    parts = (found.get("os", ""), found.get("architecture", ""), found.get("variant", ""))
    text = "/".join(part for part in parts if part)
    try:
        return canonical(text)
    except ValueError:  # a platform that buildx knows, but we do not
        return text


def entry(user: str, name: str) -> t.Union[StoredBuilder, str, None]:
    """One builder of *user*: None if there is none, the reason if it is broken."""
    text = read(entry_path(user, name), owner_of(user))
    if text is None:
        return None
    try:
        return parse(text)
    except BrokenEntryError as exc:
        return str(exc)


def entries(user: str, without: t.Container[str] = ()) -> t.Dict[str, StoredBuilder]:
    """The builders in the store of *user*, by their names in lower case, but *without* and broken ones."""
    found: t.Dict[str, StoredBuilder] = {}
    with acting_as(owner_of(user)):
        place = f"{folder(user)}/instances"
        names = look.names(place) if look.is_folder(place) else ()
    for name in names:
        with contextlib.suppress(BrokenEntryError, HostError):
            if name not in without:
                found[name] = parse(read(f"{place}/{name}", owner_of(user)) or "")
    return found


def node_names(user: str, without: t.Container[str] = ()) -> t.Set[str]:
    """The nodes of all builders but *without* (in lower case) in the store of *user*; a broken entry has none."""
    return {node.name for each in entries(user, without).values() for node in each.nodes}


def everybody() -> t.Tuple[str, ...]:
    """The users of this host who have a store."""
    found = []
    for each in here().users.every():
        with contextlib.suppress(OSError):  # an inaccessible home, such as one on a network that is down
            if look.is_folder(f"{each.pw_dir}/.docker/buildx/instances"):
                found.append(each.pw_name)
    return tuple(found)


@contextlib.contextmanager
def locked(user: str) -> t.Iterator[None]:
    """Hold the lock with which buildx changes the store of *user* (store.go, Txn). Raises HostError if it is held."""
    path = f"{folder(user)}/.lock"
    try:
        with acting_as(owner_of(user)):
            descriptor = os.open(at(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise HostError(f"{path} cannot be opened: {exc}") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(f"buildx is changing the builders of {user}") from None
        yield
    finally:
        os.close(descriptor)


def drop(user: str, builder: str) -> None:
    """Remove a builder from the store of *user*, with buildx's other files about it (store.go, Remove)."""
    remove(RemoveFile(entry_path(user, builder), owner=owner_of(user)))
    drop_use(user, builder)


def drop_use(user: str, builder: str) -> None:
    """Remove what buildx keeps about builds in a builder."""
    name, owner = builder.lower(), owner_of(user)
    remove(RemoveFile(f"{folder(user)}/activity/{name}", owner=owner))
    with acting_as(owner):
        shutil.rmtree(at(f"{folder(user)}/refs/{name}"), ignore_errors=True)


def with_driver_opts(text: str, options: t.Mapping[str, t.Mapping[str, str]]) -> str:
    """The entry with *options*, {name of the node: {name: value}}, added to those of its nodes."""
    found = json.loads(text)
    for node in found["Nodes"]:
        node["DriverOpts"] = {**(node.get("DriverOpts") or {}), **options.get(node["Name"], {})}
    return json.dumps(found)


def with_certificates(text: str, files: t.Mapping[str, bytes]) -> str:
    """The entry with *files* ({"certs/REGISTRY/FILE": content}) as the certificates of every node."""
    found = json.loads(text)
    encoded = {name: base64.b64encode(content).decode() for name, content in files.items()}
    for node in found["Nodes"]:
        others = {name: data for name, data in (node.get("Files") or {}).items() if not name.startswith(CERTIFICATES)}
        node["Files"] = {**others, **encoded}
    return json.dumps(found)


def current(user: str) -> t.Optional[str]:
    """The builder that *user* has selected at the default endpoint, None if it is not one of the store's."""
    text = read(f"{folder(user)}/current", owner_of(user))
    try:
        return json.loads(text).get("Name") or None if text else None
    except (ValueError, AttributeError):
        return None
