# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of daemon.json that decide where dockerd finds its data: with another value it shows other data. Pure.

Nothing is deleted, and all is visible again with the former value. Read in moby/moby at v26.1.5, v28.5.2 and v29.7.2,
seen with 26.1.5 and 28.5.2. What is no longer shown, and the source:

- data-root: containers, volumes, networks, the place in a swarm; images of a graph driver, or of a containerd that
  dockerd starts itself, below data-root (daemon/daemon.go, NewDaemon; cmd/dockerd/daemon_unix.go, initContainerd).
- userns-remap: the same, as data-root gets the subfolder UID.GID (daemon/daemon_unix.go, setupDaemonRoot).
- features.containerd-snapshotter: images, containers (daemon/daemon.go; since 29.0 daemon/image_store_choice.go).
- storage-driver: containers (daemon/daemon.go, `c.Driver !=`); images of a graph driver, not of containerd's store.
- containerd, containerd-namespace, features.embedded-containerd (29.7): images and containers of containerd's store
  (daemon/daemon.go, containerd.New; daemon/command/daemon_unix.go, initContainerd).

exec-root has no data, containerd-migration moves images along, and with containerd-plugin-namespace dockerd does not
start. Flags of the unit count like keys: dockerd does not start with both.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    STORE_FEATURE,
    has_containerd_store,
    switches,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import ADDRESS, ROOT
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import option
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

DATA_ROOT = "/var/lib/docker"
IMAGE_STORE_LEAVE, DATA_ROOT_LEAVE = "builder_allow_image_store_switch", "builder_allow_data_root_switch"
IMAGES, CONTAINERS, VOLUMES = "images", "containers", "volumes"  # with volumes go networks, and the place in a swarm
_IN_STORE = frozenset({IMAGES, CONTAINERS})
_OVERLAY = "overlayfs"
_NAMESPACE = "moby"
_EMBEDDED_SINCE = (29, 7)

Document = Mapping[str, t.Any]


@dataclass(frozen=True)
class Running:
    """The running dockerd, by *info* (`docker info`) and its *document*, and the root of its containerd.

    *flags* are those of its unit, *real* resolves links.
    """

    info: Document
    document: Document
    flags: t.Tuple[str, ...] = ()
    containerd_root: t.Optional[str] = None
    real: t.Callable[[str], str] = look.real

    @property
    def root(self) -> str:
        """Its data folder, with the subfolder of userns-remap; "" if unknown."""
        told = self.info.get("DockerRootDir")
        return absolute(str(told)) if told else ""


@dataclass(frozen=True)
class Hiding:
    """One change that hides *kinds*. *path* is the key's, *now* its value ("" if not to be shown), *then* the next.

    *leave* is the variable that allows it, *keep* the option that avoids it, *place* the folder that is used then.
    """

    path: t.Tuple[str, ...]
    now: str
    then: str
    kinds: t.FrozenSet[str]
    leave: str
    keep: str
    place: str = ""

    @property
    def moves_root(self) -> bool:
        """Whether all of Docker's data is left behind, and not only its image store."""
        return self.leave == DATA_ROOT_LEAVE

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.then}" + (f" in place of {self.now}" if self.now else "")


def hidings(now: Running, after: Document) -> t.Tuple[Hiding, ...]:
    """What a dockerd started with *after* would no longer show."""
    root, store = _root(now, after), _store(now, after)
    found = [root, store]
    if root is None and store is None:
        found.append(_driver(now, after))
    if store is None and has_containerd_store(now.info):
        found += [_namespace(now, after), _address(now, after), _embedded(now, after)]
    return tuple(filter(None, found))


def next_root(now: Running, after: Document) -> str:
    """The data folder of a dockerd started with *after*, without the subfolder of userns-remap."""
    asked = after.get("data-root") or after.get("graph") or option(now.flags, "--data-root", "--graph", "-g")
    return now.real(absolute(str(asked or DATA_ROOT)))


def absolute(path: str) -> str:
    """*path* as dockerd resolves it, whose working directory is / like that of other services."""
    return f"/{path.lstrip('/')}"


def _root(now: Running, after: Document) -> t.Optional[Hiding]:
    if not now.root:
        return None
    base, remap = next_root(now, after), _remap(now, after)
    parent, _slash, last = now.real(now.root).rpartition("/")
    is_remapped = bool(re.fullmatch(r"[0-9]+\.[0-9]+", last)) and is_remapped_in(now.info)
    if is_remapped and remap:
        same = parent == base and _remap(now, now.document) == remap
    else:
        same = not is_remapped and not remap and now.real(now.root) == base
    if same:
        return None
    kinds = {CONTAINERS, VOLUMES}
    if not has_containerd_store(now.info) or _is_below(now.containerd_root, now):
        kinds.add(IMAGES)
    if (parent if is_remapped else now.real(now.root)) == base:  # only userns-remap differs
        former = _remap(now, now.document)
        words = (former or ("on" if is_remapped else "off"), remap or "off")
        keep = f"{{userns-remap: {former if is_remapped and former else 'null'}}}"
        return Hiding(("userns-remap",), *words, frozenset(kinds), DATA_ROOT_LEAVE, keep, base)
    root = parent if is_remapped else now.root
    return Hiding(("data-root",), root, base, frozenset(kinds), DATA_ROOT_LEAVE, f"{{data-root: {root}}}", base)


def is_remapped_in(info: Document) -> bool:
    """Whether dockerd runs with userns-remap (moby/moby, daemon/info.go)."""
    return "name=userns" in (info.get("SecurityOptions") or ())


def _remap(now: Running, document: Document) -> str:
    found = str(document.get("userns-remap") or option(now.flags, "--userns-remap") or "")
    return "dockremap" if found == "default" else found


def _is_below(folder: t.Optional[str], now: Running) -> bool:
    return folder is not None and f"{now.real(folder)}/".startswith(f"{now.real(now.root)}/")


def _store(now: Running, after: Document) -> t.Optional[Hiding]:
    if not switches(after, now.info):
        return None
    on = wants_containerd_store(after)
    keep = f"{{features: {{{STORE_FEATURE}: {'null' if on else 'true'}}}}}"
    place = (now.containerd_root or ROOT) if on else now.root or DATA_ROOT
    return Hiding(("features", STORE_FEATURE), "", "on" if on else "off", _IN_STORE, IMAGE_STORE_LEAVE, keep, place)


def _driver(now: Running, after: Document) -> t.Optional[Hiding]:
    """Without the key, containerd's store uses its default, and a graph driver what is on disk, except vfs."""
    has, store = str(now.info.get("Driver") or ""), has_containerd_store(now.info)
    then = str(after.get("storage-driver") or option(now.flags, "--storage-driver", "-s") or "")
    if not then and now.document.get("storage-driver"):
        then = _OVERLAY if store else "another" if has == "vfs" else ""
    if not then or then == has:
        return None
    kinds = frozenset({CONTAINERS}) if store else _IN_STORE
    place = (now.containerd_root or "") if store else now.root
    return Hiding(("storage-driver",), has, then, kinds, IMAGE_STORE_LEAVE, f"{{storage-driver: {has}}}", place)


def _namespace(now: Running, after: Document) -> t.Optional[Hiding]:
    told = ((now.info.get("Containerd") or {}).get("Namespaces") or {}).get("Containers")
    has = told or _asked(now, now.document, "containerd-namespace") or _NAMESPACE
    then = _asked(now, after, "containerd-namespace") or _NAMESPACE
    return None if has == then else _of_containerd("containerd-namespace", has, then)


def _address(now: Running, after: Document) -> t.Optional[Hiding]:
    """Without a configured address dockerd finds one; so only a removed key makes a difference."""
    told = (now.info.get("Containerd") or {}).get("Address")
    has, then = told or _asked(now, now.document, "containerd"), _asked(now, after, "containerd")
    if not then and now.document.get("containerd"):
        then = ADDRESS
    return None if not has or not then or now.real(has) == now.real(then) else _of_containerd("containerd", has, then)


def _embedded(now: Running, after: Document) -> t.Optional[Hiding]:
    name = "embedded-containerd"
    has, then = (_feature(each, name) for each in (now.document, after))
    if has is then or version_of(str(now.info.get("ServerVersion", ""))) < _EMBEDDED_SINCE:
        return None
    keep = f"{{features: {{{name}: {'true' if has else 'null'}}}}}"
    return Hiding(("features", name), "", "on" if then else "off", _IN_STORE, IMAGE_STORE_LEAVE, keep)


def _feature(document: Document, name: str) -> bool:
    features = document.get("features")
    return isinstance(features, Mapping) and features.get(name) is True


def _of_containerd(key: str, has: str, then: str) -> Hiding:
    return Hiding((key,), has, then, _IN_STORE, IMAGE_STORE_LEAVE, f"{{{key}: {has}}}")


def _asked(now: Running, document: Document, key: str) -> str:
    return str(document.get(key) or option(now.flags, f"--{key}") or "")
