# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`docker info` and daemon.json compared by meaning: dockerd stores and shows some values in another form.

moby/moby, daemon/info.go and info_unix.go, the same in v26.1.5, v28.5.2 and v29.7.2:

| key | what is shown | where it gets its form |
| --- | --- | --- |
| labels | in any order, each once | daemon/config/config.go, GetConflictFreeLabels |
| registry-mirrors | in order, each once, with one slash at the end | registry/config.go, ValidateMirror, loadMirrors |
| insecure-registries | without scheme, networks as masked, among others; docker.io never | loadInsecureRegistries |
| default-address-pools | in order; networks are masked here, as no network has bits of a host | |
| proxies | with other names and passwords (MaskCredentials): scheme, host and port are compared | daemon/config |
| data-root | without links; with userns-remap the folder UID.GID in it | daemon/daemon.go, CreateDaemonRoot |
| debug, live-restore, experimental, default-runtime, log-driver | as they are; "" is the default | |

Sizes, durations and numbers are not in any answer of dockerd, so those keys cannot be compared. Tested against dockerd
in tests/hosts/test_shown.py. Pure, except that links of data-root are resolved.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    DATA_ROOT,
    absolute,
    is_remapped_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.insecure import as_shown
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.host import look

Info = Mapping[str, t.Any]
Form = t.Any
"""A value in the normal form in which both sides are compared."""


def _labels(value: t.Iterable[str]) -> Form:
    return sorted(set(value))


def _mirrors(value: t.Iterable[str]) -> Form:
    return list(dict.fromkeys((each[:-1] if each.endswith("/") else each) for each in value))


def _insecure(value: t.Iterable[str]) -> Form:
    return sorted({as_shown(each) for each in value} - {HUB})


def _shown_insecure(info: Info) -> Form:
    config = info.get("RegistryConfig") or {}
    names = [name for name, index in (config.get("IndexConfigs") or {}).items() if not index.get("Secure", True)]
    return sorted({*names, *map(as_shown, config.get("InsecureRegistryCIDRs") or ())})


def _pools(value: t.Iterable[Mapping[str, t.Any]]) -> Form:
    lowered = ({str(name).lower(): each for name, each in pool.items()} for pool in value)
    return [(as_shown(str(pool.get("base", ""))), pool.get("size")) for pool in lowered]


def _address(value: str) -> Form:
    parts = urllib.parse.urlsplit(value)
    return [parts.scheme.lower(), (parts.hostname or "").lower(), parts.port]


def _proxies(value: Mapping[str, str]) -> Form:
    found: t.Dict[str, t.Any] = {
        name: _address(value[name]) for name in ("http-proxy", "https-proxy") if value.get(name)
    }
    return {**found, **({"no-proxy": value["no-proxy"]} if value.get("no-proxy") else {})}


def _shown_proxies(info: Info) -> Form:
    names = {"http-proxy": "HttpProxy", "https-proxy": "HttpsProxy", "no-proxy": "NoProxy"}
    return _proxies({key: info.get(name) or "" for key, name in names.items()})


def _folder(value: str) -> Form:
    return look.real(absolute(value or DATA_ROOT))


def _root(info: Info) -> Form:
    root = look.real(absolute(info["DockerRootDir"]))
    return root.rpartition("/")[0] if is_remapped_in(info) else root


def _as_it_is(value: t.Any) -> Form:
    return value


class _Rule(t.NamedTuple):
    meant: t.Callable[[t.Any], Form]
    shown: t.Callable[[Info], Form]
    among_others: bool = False  # more may be shown than was configured
    default: t.Any = None  # the value of a file without the key, if it is certain


_RULES: t.Mapping[str, _Rule] = {
    "labels": _Rule(_labels, lambda info: _labels(info["Labels"] or ())),
    "registry-mirrors": _Rule(_mirrors, lambda info: _mirrors(info["RegistryConfig"].get("Mirrors") or ())),
    "insecure-registries": _Rule(_insecure, _shown_insecure, among_others=True),
    "default-address-pools": _Rule(_pools, lambda info: _pools(info.get("DefaultAddressPools") or ())),
    "proxies": _Rule(_proxies, _shown_proxies, among_others=True),
    "data-root": _Rule(_folder, _root, default=DATA_ROOT),
    "debug": _Rule(_as_it_is, lambda info: info["Debug"]),
    "live-restore": _Rule(_as_it_is, lambda info: info["LiveRestoreEnabled"]),
    "experimental": _Rule(_as_it_is, lambda info: info["ExperimentalBuild"]),
    "default-runtime": _Rule(lambda value: value or "runc", lambda info: info["DefaultRuntime"]),
    "log-driver": _Rule(lambda value: value or "json-file", lambda info: info["LoggingDriver"]),
}
KEYS = tuple(_RULES)


def difference(key: str, value: t.Any, info: Info) -> t.Optional[t.Tuple[Form, Form]]:
    """(what is shown, what *value* of *key* means) if they differ; None if they do not, or it is unknown.

    An invalid value has no meaning, and no difference.
    """
    rule = _RULES.get(key)
    if rule is None or value is None:
        return None
    try:
        meant, shown = rule.meant(value), rule.shown(info)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if meant == shown or (rule.among_others and _holds(shown, meant)):
        return None
    return shown, meant


def runs_with(key: str, value: t.Any, info: Info) -> bool:
    """Whether dockerd already runs with *value* of *key*, whatever its file said at its start."""
    rule = _RULES.get(key)
    value = rule.default if rule is not None and value is None else value
    if rule is None or value is None or rule.among_others:
        return False
    try:
        return bool(rule.meant(value) == rule.shown(info))
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _holds(shown: Form, meant: Form) -> bool:
    if isinstance(meant, dict):
        return all(shown.get(name) == each for name, each in meant.items())
    return set(meant) <= set(shown)
