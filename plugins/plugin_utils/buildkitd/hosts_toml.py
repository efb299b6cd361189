# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml of a registry with mirrors that daemon.json cannot name: not those of Docker Hub, or with a path.

https://github.com/containerd/containerd/blob/main/docs/hosts.md ; dockerd reads it since 28.0 (moby/moby,
daemon/hosts.go). With it, certificates in the same directory are ignored, so it names them.

Since 28.0 dockerd looks for the certificates of a mirror of daemon.json under docker.io, not under the mirror (the same
file, mergeLegacyConfig): so mirrors with certificates of their own are named here, too. And it connects to all mirrors
and docker.io itself with one client, so that `insecure` or `http` of a mirror turns verification off for docker.io:
with this file, each has a client of its own.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import tomlkit
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import CAPABILITIES
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB

_HEADER = (
    "Managed by Ansible, collection multiarch.builders.",
    "Made from builder_registries: change it there.",
)

Registry = Mapping[str, t.Any]
_TLS = ("ca", "client_cert", "insecure", "http")


def render(registries: Sequence[Registry]) -> dict[str, str]:
    """{host: text} for the registries of the normalised table that need the file."""
    table = {entry["host"]: entry for entry in registries}
    return {host: _text(entry, table) for host, entry in table.items() if _needed(entry, table)}


def _needed(entry: Registry, table: Mapping[str, Registry]) -> bool:
    """Whether daemon.json cannot name the mirrors, or dockerd would not connect as the table says."""
    mirrors = entry.get("mirrors", [])
    if entry["host"] != HUB:
        return bool(mirrors)
    of_its_own = {host for host, other in table.items() if any(other.get(key) for key in _TLS)}
    return any("/" in mirror or mirror in of_its_own for mirror in mirrors)


def _text(entry: Registry, table: Mapping[str, Registry]) -> str:
    document = tomlkit.document()
    for line in _HEADER:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    if entry["host"] != HUB:  # dockerd knows its own address for it
        document.add("server", _url(entry["host"], "", entry))
    _add_tls(document, entry)
    mirrors = tomlkit.table(is_super_table=True)
    for mirror in entry["mirrors"]:  # in this order
        host, slash, path = mirror.partition("/")
        section = tomlkit.table()
        section.add("capabilities", list(CAPABILITIES))
        if slash:
            section.add("override_path", True)
        _add_tls(section, table.get(host, {}))
        mirrors.add(_url(host, f"/v2/{path}" if slash else "", table.get(host, {})), section)
    document.add("host", mirrors)
    return tomlkit.dumps(document)


def _url(host: str, path: str, entry: Registry) -> str:
    return f"{'http' if entry.get('http') else 'https'}://{host}{path}"


def _add_tls(container: t.Any, entry: Registry) -> None:
    if entry.get("ca"):
        container.add("ca", [certs_d.path(entry["host"], certs_d.CA)])
    if entry.get("client_cert"):
        pair = [certs_d.path(entry["host"], name) for name in (certs_d.CLIENT_CERT, certs_d.CLIENT_KEY)]
        container.add("client", [pair])
    if entry.get("insecure"):
        container.add("skip_verify", True)
