# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dockerd --validate` does not find in a daemon.json, and what nobody finds before 23.0, which has no --validate.

Pure. Read in moby/moby at v20.10.24, v23.0.6, v24.0.9, v25.0.5, v26.1.5, v27.5.1, v28.5.2 and v29.7.2; tried with
dockerd 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.daemon.insecure import is_no_registry
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.keys import (
    FLAGS,
    KEYS,
    NESTED,
    NEWEST,
    known,
    spelled,
)
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.store import STORE_FEATURE
from ansible_collections.multiarch.builders.plugins.module_utils.version import Version, text_of, version_of

_FILE = "/etc/docker/daemon.json"
_OPTIONS = "builder_daemon_options"
# Where else than in builder_daemon_options a key of ours comes from.
_VARIABLES = {
    "dns": "builder_dns",
    "proxies": "builder_proxy",
}
_LONGEST_VALUE = 80  # characters of a value in a message
# Names of graph drivers that containerd has no snapshotter for, and what comes near. It has btrfs and zfs itself, and
# fuse-overlayfs by a plugin.
_GRAPH_DRIVERS = {"devicemapper": "devmapper", "overlay": "overlayfs", "overlay2": "overlayfs", "vfs": "native"}
_SNAPSHOTTERS = ("native", "overlayfs")  # which are no graph drivers
_STORE_SINCE: Version = (24, 0)
_STORE_IS_CHECKED_SINCE: Version = (29, 0)
_PATHS_SINCE: Version = (24, 0, 8)
_OLDER_SPACE_KEYS = {"builder.gc": "defaultKeepStorage", "builder.gc.policy": "keepStorage"}


@dataclass(frozen=True)
class Spot:
    """One blind spot. *value* is as a message may show it: JSON, without credentials."""

    path: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.message}. {self.remedy}"


def refusals(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """What dockerd would not start with, or surely not do its work. *engine* is its version, None if unknown."""
    spots = (
        *_keys(document, engine),
        *_registries(document, engine),
        *contradictions(document, engine),
        *_networks(document, engine),
    )
    return tuple(map(str, spots))


def notes(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Tuple[str, ...]:
    """What dockerd ignores without a word."""
    return tuple(map(str, (*_ignored_keys(document, engine), *_ignored_names(document, engine))))


def contradictions(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """What does not go with the image store that *document* asks for.

    With containerd's, storage-driver names a snapshotter. Before 29.0 nothing checks that containerd has it: dockerd
    starts, and every pull and build fails with `snapshotter not loaded` (moby/moby#46254); since then dockerd does not
    start (daemon/daemon.go, `configured driver … not available`). With userns-remap every RUN of a build fails
    (moby/moby#47377); since 29.0 dockerd does not start (daemon/command/daemon_linux.go). Without containerd's store a
    snapshotter is a graph driver that does not exist; 29 takes its name for the wish for that store, unless it is off.
    """
    version = version_of(engine or "")
    features = document.get("features")
    asked = features.get(STORE_FEATURE) if isinstance(features, Mapping) else None
    wanted = asked is True and (not version or version >= _STORE_SINCE)
    off = asked is False or (bool(version) and version < _STORE_IS_CHECKED_SINCE and not wanted)
    driver, remap = document.get("storage-driver"), document.get("userns-remap")
    keep = f"keep the graph driver with {_OPTIONS}: {{features: {{{STORE_FEATURE}: null}}}}"
    if wanted and isinstance(driver, str) and driver in _GRAPH_DRIVERS:
        yield Spot(
            "storage-driver",
            _shown(driver),
            f"is a graph driver, but features.{STORE_FEATURE} is true, which makes it the name of a snapshotter: "
            + _fails("every pull and build fails (moby/moby#46254)", engine),
            f"Remove it with {_OPTIONS}: {{storage-driver: null}} (or write {_GRAPH_DRIVERS[driver]}), or {keep}",
        )
    if off and driver in _SNAPSHOTTERS:
        yield Spot(
            "storage-driver",
            _shown(driver),
            f"is a snapshotter, but features.{STORE_FEATURE} (since 24.0) is off: {_dockerd(engine)} does not start",
            f"Remove it with {_OPTIONS}: {{storage-driver: null}}",
        )
    if wanted and isinstance(remap, str) and remap:
        yield Spot(
            "userns-remap",
            _shown(remap),
            f"does not go with features.{STORE_FEATURE}: true: "
            + _fails("every RUN of a build fails (moby/moby#47377)", engine),
            f"Remove it with {_OPTIONS}: {{userns-remap: null}}, or {keep}",
        )


def _networks(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Two settings of docker's networks that exclude each other (daemon/daemon_unix.go, verifyDaemonSettings)."""
    bridge = document.get("bridge")
    for other in ("bip", "bip6"):
        if isinstance(bridge, str) and bridge and document.get(other):
            message = f"does not go with {other}: {_dockerd(engine)} does not start"
            yield Spot("bridge", _shown(bridge), message, f"Take one of them out; {_origin('bridge')}")
    if document.get("iptables") is False and document.get("icc") is False:
        message = f"does not go with icc: false, which needs it: {_dockerd(engine)} does not start"
        yield Spot("iptables", "false", message, f"Take one of them out; {_origin('iptables')}")


def _fails(how: str, engine: t.Optional[str]) -> str:
    version = version_of(engine or "")
    if version >= _STORE_IS_CHECKED_SINCE:
        return f"dockerd {engine} does not start"
    return f"{_dockerd(engine)} starts, but {how}" + ("" if version else "; since 29.0 it does not start")


def unknown_names(document: Mapping[t.Any, t.Any]) -> t.Iterator[t.Tuple[str, str, t.Tuple[str, ...]]]:
    """(path, name, names that are known there) of what no dockerd looks up below `features` and `builder`."""
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
        if meant is None:
            message, remedy = "ignores it", _near(name, NESTED[parent])
        elif version and NESTED[parent][meant] > version and older not in [spelled(parent, each) for each in beside]:
            message = f"ignores it, it came with {text_of(NESTED[parent][meant])}"
            remedy = f"Use `{older}`" if older else "Take it out"
        else:
            continue
        yield Spot(path, _shown(beside[name]), f"{_dockerd(engine)} {message}", f"{remedy}; {_origin(path)}")


def _keys(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Keys with which dockerd does not start: `the following directives don't match any configuration option`."""
    version = version_of(engine or "")
    for name, value in document.items() if version else ():
        key = KEYS.get(name)
        if key is None:
            if version[:2] > NEWEST or _passes(name, value, version):
                continue
            message, remedy = f"is no key that dockerd {engine} knows", _near(name, known(version))
        elif version < key.since:
            since = text_of(key.since)
            message = f"dockerd {engine} does not know `{name}`, which came with {since}"
            remedy = f"Take it out, or install Docker {since} or newer"
        elif key.gone_in(version) and not key.ignored:
            message = f"dockerd {engine} does not start with `{name}`, which went with {text_of(key.until)}"
            remedy = f"Take it out ({key.instead})"
        else:
            continue
        yield Spot(name, _shown(value), message, f"{remedy}; {_origin(name)}")


def _ignored_keys(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    version = version_of(engine or "")
    for name, value in document.items() if version else ():
        key = KEYS.get(name)
        if key is not None and key.ignored and key.gone_in(version):
            message = f"dockerd {engine} ignores it, it went with {text_of(key.until)}"
            remedy = f"Take it out ({key.instead})"
        elif key is None and _passes(name, value, version):
            message = f"is {'a flag, but ' if name in FLAGS else ''}no key: dockerd {engine} ignores it"
            remedy = f"Use `{FLAGS[name]}`" if FLAGS.get(name) else "Take it out"
        else:
            continue
        yield Spot(name, _shown(value), message, f"{remedy}; {_origin(name)}")


def _passes(name: str, value: t.Any, version: Version) -> bool:
    """Whether dockerd takes *name*, which is no key, without a word.

    That is the name of a flag, and a mapping whose names are all keys or flags: dockerd takes mappings apart before it
    looks for unknown keys (daemon/config/config.go, configValuesSet).
    """
    if isinstance(value, Mapping):
        names = known(version)
        return all(each in names or _is_flag(each, version) for each in value)
    return _is_flag(name, version)


def _is_flag(name: str, version: Version) -> bool:
    key = KEYS.get(FLAGS.get(name, "").partition(".")[0])
    return name in FLAGS and (key is None or key.known_to(version))


def _registries(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Entries with which dockerd does not start (registry/config.go); --validate of 26.1.5 takes them all."""
    for mirror in _strings(document.get("registry-mirrors")):
        message = _wrong_with(mirror, version_of(engine or ""))
        if message:
            remedy = f"Leave it to `mirrors` of docker.io in builder_registries, or mend it in {_FILE}"
            yield Spot("registry-mirrors", _shown(mirror), f"{message}: {_dockerd(engine)} does not start", remedy)
    for registry in _strings(document.get("insecure-registries")):
        scheme, separator, _rest = registry.partition("://")
        if separator and scheme.lower() not in ("http", "https"):
            message = f"has a scheme: {_dockerd(engine)} does not start"
            remedy = f"Leave it to `insecure` or `http` in builder_registries, or mend it in {_FILE}"
            yield Spot("insecure-registries", _shown(registry), message, remedy)
        elif is_no_registry(registry):
            message = f"is neither host[:port] nor a network: {_dockerd(engine)} does not start"
            remedy = f"Leave it to `host` of builder_registries (10.0.0.0/8, or no path), or mend it in {_FILE}"
            yield Spot("insecure-registries", _shown(registry), message, remedy)


def _wrong_with(mirror: str, version: Version) -> t.Optional[str]:
    """What registry.ValidateMirror has against *mirror*."""
    scheme, separator, rest = mirror.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "does not begin with https:// or http://"
    rest, _hash, fragment = rest.partition("#")
    rest, _mark, query = rest.partition("?")
    host, _slash, path = rest.partition("/")
    if query or fragment:
        return "has a query or fragment"
    if "@" in host:
        return "holds a user name or password, which a mirror cannot have"
    if not re.fullmatch(r"(\[[^\[\]\s]*\]|[^:\[\]\s]*)(:[0-9]*)?", host):
        return "is no URL"
    if path and version and version < _PATHS_SINCE:
        return "has a path, which came with 24.0.8 (moby/moby#36598)"
    return None


def _strings(value: t.Any) -> t.Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _dockerd(engine: t.Optional[str]) -> str:
    return f"dockerd {engine}" if engine else "dockerd"


def _origin(path: str) -> str:
    return f"it is from {_VARIABLES.get(path.partition('.')[0], _OPTIONS)} or in {_FILE}"


def _near(name: str, names: t.Iterable[str]) -> str:
    import difflib

    spellings = {each.lower(): each for each in sorted(names)}
    near = difflib.get_close_matches(name.lower(), spellings, n=1, cutoff=0.6)
    return f"Use `{spellings[near[0]]}`, if that is meant" if near else "Take it out"


def _shown(value: t.Any) -> str:
    text = json.dumps(_masked(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _masked(value: t.Any) -> t.Any:
    """*value* without what stands before an @, and without what a query of a URL says."""
    if isinstance(value, Mapping):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://") if "://" in value else ("", "", value)
    if "@" in rest:
        rest = "***" + rest[rest.rindex("@") :]
    return scheme + separator + (re.sub(r"([?#]).+", r"\1***", rest, flags=re.DOTALL) if separator else rest)
