# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of registries: every entry checked, its names in one form, its certificates read."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Callable, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils import certificates, private_key
from ansible_collections.multiarch.builders.plugins.plugin_utils.host_names import (
    HUB,
    HostNameError,
    certificate_folder,
    check_host,
    check_mirror,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.pem import CertificateError, ReadFile, is_path, read
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings

Registry = dict[str, t.Any]
"""An entry: the keys of `module_utils.options.REGISTRY`, already of the right types; optional ones may be absent."""


def normalise(
    registries: Sequence[Registry],
    *,
    variable: str,
    read_file: ReadFile,
    now: datetime.datetime,
    findings: Findings,
) -> list[Registry]:
    """The entries in their order: hosts and mirrors in one form, `ca`, `client_cert`, `client_key` as PEM text.

    *now* is aware of its time zone. What is wrong goes to *findings*, and is left out of the result.
    """
    found = [_entry(entry, f"{variable}[{index}]", read_file, now, findings) for index, entry in enumerate(registries)]
    _check_duplicates(found, variable, findings)
    _check_dotless(found, variable, findings)
    return found


def _entry(entry: Registry, variable: str, read_file: ReadFile, now: datetime.datetime, findings: Findings) -> Registry:
    result = {key: value for key, value in entry.items() if key not in ("ca", "client_cert", "client_key")}
    if "host" in entry:
        result["host"] = ""
        try:
            result["host"] = check_host(entry["host"])
        except HostNameError as exc:
            findings.problem(f"{variable}.host", entry["host"], str(exc), exc.remedy)
    result["mirrors"] = _mirrors(entry.get("mirrors", []), result.get("host", ""), f"{variable}.mirrors", findings)
    _check_transport(entry, variable, findings)
    _check_login(entry, variable, findings)
    result.update(_certificates(entry, variable, read_file, now, findings))
    return result


def _mirrors(mirrors: Sequence[str | None], host: str, variable: str, findings: Findings) -> list[str]:
    """*mirrors* in their order and one form."""
    found: list[str] = []
    for index, text in enumerate(mirrors):
        name = f"{variable}[{index}]"
        if text is None:  # of the wrong type, told already
            continue
        try:
            mirror = "".join(check_mirror(text))
        except HostNameError as exc:
            findings.problem(name, text, str(exc), exc.remedy)
            continue
        if mirror in found:
            findings.problem(name, text, "is in the list twice", "Remove one of them")
        elif mirror == host:
            findings.problem(name, text, "is the registry itself", "Remove it: BuildKit asks the registry last anyway")
        else:
            found.append(mirror)
    return found


def _check_transport(entry: Registry, variable: str, findings: Findings) -> None:
    for key in ("ca", "client_cert", "client_key"):
        if entry.get("http") and key in entry:
            message = "is given, but `http: true` means that there is no TLS"
            findings.problem(f"{variable}.{key}", None, message, f"Remove `http` or `{key}`")
    if entry.get("insecure") and "ca" in entry:
        findings.warn(variable, "`insecure: true` turns off the check that `ca` is for; remove it if `ca` is right")


def _check_login(entry: Registry, variable: str, findings: Findings) -> None:
    for one, other in (("username", "password"), ("password", "username")):
        if one in entry and other not in entry:
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Give both or none")
        if one in entry and not entry[one]:
            findings.problem(f"{variable}.{one}", None, "is empty", "Give the login's, or remove both")
    if ":" in entry.get("username", ""):
        message = "has a colon, which separates name and password in config.json"
        findings.problem(f"{variable}.username", None, message, "Give the name alone")


def _certificates(
    entry: Registry, variable: str, read_file: ReadFile, now: datetime.datetime, findings: Findings
) -> dict[str, str]:
    """`ca`, `client_cert` and `client_key` of *entry* as PEM text, as far as they are usable."""
    found: dict[str, str] = {}

    def take(key: str, parse: Callable[[bytes], certificates.CertificateText]) -> None:
        if key not in entry:
            return
        try:
            text = parse(read(entry[key], read_file))
        except CertificateError as exc:
            shown = entry[key] if key != "client_key" and is_path(entry[key]) else None
            findings.problem(f"{variable}.{key}", shown, str(exc), exc.remedy)
            return
        found[key] = text.pem
        for warning in text.warnings:
            findings.warn(f"{variable}.{key}", warning)

    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in entry and other not in entry:
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Give both or none")
    take("ca", lambda data: certificates.authorities(data, now=now))
    take("client_cert", lambda data: certificates.client_certificate(data, now=now))
    if "client_cert" in found:
        pem = found["client_cert"]
        take("client_key", lambda data: certificates.CertificateText(private_key.client_key(data, pem)))
    return found


def _check_duplicates(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """No host twice, nor two whose certificates buildx would put into one folder."""
    seen: dict[str, str] = {}
    for index, entry in enumerate(registries):
        host = entry.get("host")
        if not host:
            continue
        folder = certificate_folder(host)
        other = seen.setdefault(folder, host)
        if other == host and any(host == before.get("host") for before in registries[:index]):
            remedy = "Put everything about one registry into one entry"
            findings.problem(f"{variable}[{index}].host", host, "is in the table twice", remedy)
        elif other != host:
            message = f"would share the folder certs/{folder} of the builder with {other!r}"
            findings.problem(f"{variable}[{index}].host", host, message, "Use another name or port for one of them")


def _check_dotless(registries: Sequence[Registry], variable: str, findings: Findings) -> None:
    """Docker takes ``harbor/app`` for docker.io/harbor/app: such a host is good for a mirror only."""
    mirrors = {mirror.partition("/")[0] for entry in registries for mirror in entry["mirrors"]}
    for index, entry in enumerate(registries):
        host = entry.get("host", "")
        if host and not any(sign in host for sign in ".:") and host != "localhost" and host not in mirrors:
            message = f"{host!r} has neither dot nor port: Docker takes {host}/app for {HUB}/{host}/app"
            findings.warn(f"{variable}[{index}].host", message)
