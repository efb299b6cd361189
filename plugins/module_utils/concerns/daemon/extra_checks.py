# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that `dockerd --validate` lacks, and for versions before 23.0, which have no --validate.

Pure. Read in moby/moby at v20.10.24, v23.0.6, v24.0.9, v25.0.5, v26.1.5, v27.5.1, v28.5.2 and v29.7.2; tried with
dockerd 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import (
    FLAGS,
    KEYS,
    NESTED,
    NEWEST,
    known,
    spelled,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.network_spots import (
    networks,
    registries,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.spot import (
    OPTIONS,
    Spot,
    dockerd,
    origin,
    shown,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import STORE_FEATURE
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of, version_of

# Graph drivers without a containerd snapshotter of that name, and similar names. containerd has btrfs and zfs itself,
# and fuse-overlayfs by a plugin.
_GRAPH_DRIVERS = {"devicemapper": "devmapper", "overlay": "overlayfs", "overlay2": "overlayfs", "vfs": "native"}
_SNAPSHOTTERS = ("native", "overlayfs")  # which are not graph drivers
_STORE_SINCE: Version = (24, 0)
_STORE_IS_CHECKED_SINCE: Version = (29, 0)
_OLDER_SPACE_KEYS = {"builder.gc": "defaultKeepStorage", "builder.gc.policy": "keepStorage"}


def refusals(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """Settings with which dockerd would not start, or not work. *engine* is its version, None if unknown."""
    spots = (
        *_keys(document, engine),
        *registries(document, engine),
        *contradictions(document, engine),
        *networks(document, engine),
    )
    return tuple(map(str, spots))


def notes(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """Settings that dockerd silently ignores."""
    return tuple(map(str, (*_ignored_keys(document, engine), *_ignored_names(document, engine))))


def contradictions(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Settings that conflict with the image store of *document*.

    With containerd's, storage-driver names a snapshotter. Before 29.0 nothing checks that containerd has it: dockerd
    starts, and every pull and build fails with `snapshotter not loaded` (moby/moby#46254); since then dockerd does not
    start (daemon/daemon.go, `configured driver … not available`). With userns-remap every RUN of a build fails
    (moby/moby#47377); since 29.0 dockerd does not start (daemon/command/daemon_linux.go). Without containerd's store a
    snapshotter is a graph driver that does not exist; 29 takes its name as a request for that store, unless it is off.
    """
    version = version_of(engine or "")
    features = document.get("features")
    asked = features.get(STORE_FEATURE) if isinstance(features, Mapping) else None
    wanted = asked is True and (not version or version >= _STORE_SINCE)
    off = asked is False or (bool(version) and version < _STORE_IS_CHECKED_SINCE and not wanted)
    driver, remap = document.get("storage-driver"), document.get("userns-remap")
    keep = f"keep the graph driver with {OPTIONS}: {{features: {{{STORE_FEATURE}: null}}}}"
    if wanted and isinstance(driver, str) and driver in _GRAPH_DRIVERS:
        yield Spot(
            "storage-driver",
            shown(driver),
            f"is a graph driver, but features.{STORE_FEATURE} is true, which makes it the name of a snapshotter: "
            + fails("every pull and build fails (moby/moby#46254)", engine),
            f"Remove it with {OPTIONS}: {{storage-driver: null}} (or write {_GRAPH_DRIVERS[driver]}), or {keep}",
        )
    if off and driver in _SNAPSHOTTERS:
        yield Spot(
            "storage-driver",
            shown(driver),
            f"is a snapshotter, but features.{STORE_FEATURE} (since 24.0) is off: {dockerd(engine)} does not start",
            f"Remove it with {OPTIONS}: {{storage-driver: null}}",
        )
    if wanted and isinstance(remap, str) and remap:
        yield Spot(
            "userns-remap",
            shown(remap),
            f"does not go with features.{STORE_FEATURE}: true: "
            + fails("every RUN of a build fails (moby/moby#47377)", engine),
            f"Remove it with {OPTIONS}: {{userns-remap: null}}, or {keep}",
        )


def is_graph_driver_only(name: str) -> bool:
    """Whether containerd has no snapshotter of that name, which contradictions() reports."""
    return name in _GRAPH_DRIVERS


def fails(how: str, engine: t.Optional[str]) -> str:
    """The effect of a missing storage driver on dockerd: *how* before 29.0."""
    version = version_of(engine or "")
    if version >= _STORE_IS_CHECKED_SINCE:
        return f"dockerd {engine} does not start"
    return f"{dockerd(engine)} starts, but {how}" + ("" if version else "; since 29.0 it does not start")


def unknown_names(document: Mapping[t.Any, t.Any]) -> t.Iterator[t.Tuple[str, str, t.Tuple[str, ...]]]:
    """(path, name, known names) of names below `features` and `builder` that dockerd never reads."""
    for path, parent, name, _beside in _names(document):
        if spelled(parent, name) is None:
            yield path, name, tuple(NESTED[parent])


_Name = t.Tuple[str, str, str, Mapping[str, t.Any]]


def _names(document: Mapping[t.Any, t.Any]) -> t.Iterator[_Name]:
    for parent in ("features", "builder"):
        yield from _names_below(parent, parent, document.get(parent))


def _names_below(path: str, parent: str, value: t.Any) -> t.Iterator[_Name]:
    """(path, parent in NESTED, name, the mapping that has it) of all names."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _names_below(f"{path}[{index}]", parent, each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield f"{path}.{name}", parent, str(name), value
            below = f"{parent}.{spelled(parent, str(name))}"
            if below in NESTED:
                yield from _names_below(f"{path}.{name}", below, each)


def _ignored_names(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    version = version_of(engine or "")
    for path, parent, name, beside in _names(document):
        meant = spelled(parent, name)
        older = _OLDER_SPACE_KEYS.get(parent, "")
        if meant is None and version[:2] > NEWEST:
            continue  # it may be new
        if meant is None:
            message, remedy = "ignores it", _near(name, NESTED[parent])
        elif version and NESTED[parent][meant] > version and older not in [spelled(parent, each) for each in beside]:
            message = f"ignores it (requires {text_of(NESTED[parent][meant])})"
            remedy = f"Use `{older}`" if older else "Remove it"
        else:
            continue
        yield Spot(path, shown(beside[name]), f"{dockerd(engine)} {message}", f"{remedy}; {origin(path)}")


def _keys(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Keys with which dockerd does not start: `the following directives don't match any configuration option`."""
    version = version_of(engine or "")
    for name, value in document.items() if version else ():
        key = KEYS.get(name)
        if key is None:
            if version[:2] > NEWEST or _passes(name, value, version):
                continue
            message, remedy = f"is not a key that dockerd {engine} supports", _near(name, known(version))
        elif version < key.since:
            since = text_of(key.since)
            message = f"dockerd {engine} does not know `{name}`, which came with {since}"
            remedy = f"Remove it, or install Docker {since} or newer"
        elif key.gone_in(version) and not key.ignored:
            message = f"dockerd {engine} does not start with `{name}`, which was removed in {text_of(key.until)}"
            remedy = f"Remove it ({key.instead})"
        else:
            continue
        yield Spot(name, shown(value), message, f"{remedy}; {origin(name)}")


def _ignored_keys(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    version = version_of(engine or "")
    for name, value in document.items() if version else ():
        key = KEYS.get(name)
        if key is not None and key.ignored and key.gone_in(version):
            message = f"dockerd {engine} ignores it, as it was removed in {text_of(key.until)}"
            remedy = f"Remove it ({key.instead})"
        elif key is None and _passes(name, value, version):
            message = f"is {'a flag, ' if name in FLAGS else ''}not a key: dockerd {engine} ignores it"
            remedy = f"Use `{FLAGS[name]}`" if FLAGS.get(name) else "Remove it"
        else:
            continue
        yield Spot(name, shown(value), message, f"{remedy}; {origin(name)}")


def _passes(name: str, value: t.Any, version: Version) -> bool:
    """Whether dockerd silently accepts *name*, although it is not a key.

    That applies to flags, and to a mapping whose names are all keys or flags: dockerd takes mappings apart before it
    looks for unknown keys (daemon/config/config.go, configValuesSet).
    """
    if isinstance(value, Mapping):
        names = known(version)
        return all(each in names or _is_flag(each, version) for each in value)
    return _is_flag(name, version)


def _is_flag(name: str, version: Version) -> bool:
    key = KEYS.get(FLAGS.get(name, "").partition(".")[0])
    return name in FLAGS and (key is None or key.known_to(version))


def _near(name: str, names: t.Iterable[str]) -> str:
    import difflib

    spellings = {each.lower(): each for each in sorted(names)}
    near = difflib.get_close_matches(name.lower(), spellings, n=1, cutoff=0.6)
    return f"Use `{spellings[near[0]]}`, if that is meant" if near else "Remove it"
