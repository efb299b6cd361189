# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors, registries and networks with which dockerd does not start, although its --validate accepts them. Pure."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.insecure import is_no_registry
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.spot import (
    Spot,
    dockerd,
    origin,
    shown,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of

_PATHS_SINCE: Version = (24, 0, 8)


def registries(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Entries with which dockerd does not start (registry/config.go); --validate of 26.1.5 accepts them all."""
    for mirror in _strings(document.get("registry-mirrors")):
        message = _wrong_with(mirror, version_of(engine or ""))
        if message:
            remedy = f"Use `mirrors` of docker.io in builder_registries instead, or fix it in {DAEMON_JSON}"
            yield Spot("registry-mirrors", shown(mirror), f"{message}: {dockerd(engine)} does not start", remedy)
    for registry in _strings(document.get("insecure-registries")):
        scheme, separator, _rest = registry.partition("://")
        if separator and scheme.lower() not in ("http", "https"):
            message = f"has a scheme: {dockerd(engine)} does not start"
            remedy = f"Use `insecure` or `http` in builder_registries instead, or fix it in {DAEMON_JSON}"
            yield Spot("insecure-registries", shown(registry), message, remedy)
        elif is_no_registry(registry):
            message = f"is neither host[:port] nor a network: {dockerd(engine)} does not start"
            remedy = f"Use `host` of builder_registries instead (10.0.0.0/8, or no path), or fix it in {DAEMON_JSON}"
            yield Spot("insecure-registries", shown(registry), message, remedy)


def _wrong_with(mirror: str, version: Version) -> t.Optional[str]:
    """The reason for which registry.ValidateMirror rejects *mirror*."""
    scheme, separator, rest = mirror.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return "does not begin with https:// or http://"
    rest, _hash, fragment = rest.partition("#")
    rest, _mark, query = rest.partition("?")
    host, _slash, path = rest.partition("/")
    if query or fragment:
        return "has a query or fragment"
    if "@" in host:
        return "has a user name or password, which mirrors do not support"
    if not re.fullmatch(r"(\[[^\[\]\s]*\]|[^:\[\]\s]*)(:[0-9]*)?", host):
        return "is no URL"
    if path and version and version < _PATHS_SINCE:
        return "has a path, which came with 24.0.8 (moby/moby#36598)"
    return None


def networks(document: Mapping[str, t.Any], engine: t.Optional[str]) -> t.Iterator[Spot]:
    """Settings of docker's networks that exclude each other (daemon/daemon_unix.go, verifyDaemonSettings)."""
    bridge = document.get("bridge")
    for other in ("bip", "bip6"):
        if isinstance(bridge, str) and bridge and document.get(other):
            message = f"conflicts with {other}: {dockerd(engine)} does not start"
            yield Spot("bridge", shown(bridge), message, f"Remove one of them; {origin('bridge')}")
    if document.get("iptables") is False and document.get("icc") is False:
        message = f"conflicts with icc: false, which requires it: {dockerd(engine)} does not start"
        yield Spot("iptables", "false", message, f"Remove one of them; {origin('iptables')}")


def _strings(value: t.Any) -> t.Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
