# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of registries as a whole: entries that do not go together, and those that do not say what is meant."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import store_files
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import DEBIAN
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import is_network, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import names_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import certificate_folder
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Registry = dict[str, t.Any]
"""An entry: the keys of `model.option_keys.REGISTRY`, already of the right types; optional ones may be absent."""


def check(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """Report what is wrong with *registries*, each of which has been checked by itself."""
    _check_duplicates(registries, variable, findings)
    _check_store_files(registries, variable, findings)
    _check_dotless(registries, variable, findings)
    _check_usual_ports(registries, variable, findings)
    _check_mirrors(registries, variable, findings)


def _check_duplicates(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """No host twice, nor two whose certificates buildx would put into one folder."""
    seen: dict[str, str] = {}
    for index, entry in enumerate(registries):
        host = entry.get("host")
        if not host:
            continue
        folder = host if is_network(host) else certificate_folder(host)
        other = seen.setdefault(folder, host)
        if other == host and any(host == before.get("host") for before in registries[:index]):
            remedy = "Merge the entries of a registry into one"
            findings.problem(f"{variable}[{index}].host", host, "is in the table twice", remedy)
        elif other != host:
            message = f"would share the directory certs/{folder} of the builder with {other!r}"
            findings.problem(f"{variable}[{index}].host", host, message, "Use another name or port for one of them")


def _check_store_files(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """The system's store numbers the certificates of a bundle: those of `a` could be named as that of `a-1` is."""
    seen: dict[str, str] = {}
    for index, entry in enumerate(registries):
        for file in store_files(registries_of({"registries": [entry]}), DEBIAN) if entry.get("host") else ():
            other = seen.setdefault(file.path, entry["host"])
            if certificate_folder(other) != certificate_folder(entry["host"]):  # else already reported
                message = f"would share the file {file.path} of the system trust store with {other!r}"
                remedy = "Use another name for one of them, or a single certificate in `ca` of the shorter name"
                findings.problem(f"{variable}[{index}].host", entry["host"], message, remedy)


def _check_dotless(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """Docker takes ``harbor/app`` for docker.io/harbor/app: such a host is good for a mirror only."""
    mirrors = {mirror.partition("/")[0] for entry in registries for mirror in entry["mirrors"]}
    for index, entry in enumerate(registries):
        host = entry.get("host", "")
        if host and not any(sign in host for sign in ".:") and host != "localhost" and host not in mirrors:
            message = f"{host!r} has neither dot nor port: Docker interprets {host}/app as {HUB}/{host}/app"
            findings.warn(f"{variable}[{index}].host", message)


def _check_usual_ports(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """Docker looks up certificates and logins by the name in the image's, with its port, even the usual one."""
    mirrors = {mirror.partition("/")[0] for entry in registries for mirror in entry["mirrors"]}
    hosts = {entry.get("host") for entry in registries}
    for index, entry in enumerate(registries):
        host = entry.get("host") or ""
        *_same, other = names_of(host, http=bool(entry.get("http")))
        if len(other) < len(host) and not hosts & {other} and host not in mirrors:
            message = f"only applies to images named {host}/…, not to {other}/…, although that is the same server"
            findings.warn(f"{variable}[{index}].host", f"{host!r} {message}")


def _check_mirrors(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """TLS settings of an entry do not apply to its mirrors: dockerd and BuildKit look them up by the mirror's name."""
    hosts = {entry.get("host") for entry in registries}
    for index, entry in enumerate(registries):
        given = [key for key in ("http", "insecure", "ca", "client_cert") if entry.get(key)]
        strangers = sorted({mirror.partition("/")[0] for mirror in entry["mirrors"]} - hosts) if given else []
        for name in strangers:
            message = f"`{'`, `'.join(given)}` applies to {entry.get('host')} itself, not to its mirror {name}"
            findings.warn(f"{variable}[{index}]", f"{message}, which needs its own entry")
