# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of registries: every entry checked, its names in one form, its certificates read."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import registry_table
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.registry_table import Registry
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import (
    HostNameError,
    check_host,
    check_mirror,
    check_network,
    looks_like_network,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import certificates, harbor, private_key
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import (
    CertificateError,
    ReadFile,
    is_path,
    read,
)

_OF_A_NETWORK = ("host", "insecure", "http")
_CA_KEYS = ("ca", "ca_from", "ca_fingerprint", "client_cert", "client_key")


@dataclass(frozen=True)
class _Sources:
    """Where certificates come from, and how their dates are judged."""

    read_file: ReadFile
    fetch: harbor.Fetch
    now: datetime.datetime
    warn_days: int


def normalise(
    registries: Sequence[Registry],
    *,
    variable: str,
    read_file: ReadFile,
    now: datetime.datetime,
    warn_days: int,
    findings: Findings,
    fetch: harbor.Fetch = harbor.fetch,
) -> list[Registry]:
    """The entries in their order: hosts and mirrors in one form, `ca`, `client_cert`, `client_key` as PEM text.

    *now* is aware of its time zone; what expires within *warn_days* is a warning. Problems are added to
    *findings* and left out of the result, as are `ca_from` and `ca_fingerprint`, which result in `ca`.
    """
    sources = _Sources(read_file, fetch, now, warn_days)
    found = [_entry(entry, f"{variable}[{index}]", sources, findings) for index, entry in enumerate(registries)]
    registry_table.check(found, variable, findings)
    return found


def _entry(entry: Registry, variable: str, sources: _Sources, findings: Findings) -> Registry:
    if "password" in entry:  # from a file or a vault: `docker login --password-stdin` drops the line break, too
        entry = {**entry, "password": entry["password"].removesuffix("\n").removesuffix("\r")}
    result = {key: value for key, value in entry.items() if key not in _CA_KEYS}
    if looks_like_network(entry.get("host", "")):
        return _network(entry, variable, findings)
    if "host" in entry:
        result["host"] = ""
        try:
            result["host"] = check_host(entry["host"])
        except HostNameError as exc:
            findings.problem(f"{variable}.host", entry["host"], str(exc), exc.remedy)
    if "hosts_toml" in entry:
        findings.problem(f"{variable}.hosts_toml", None, "is generated from the mirrors", "Remove it")
    result["mirrors"] = _mirrors(entry.get("mirrors", []), result.get("host", ""), f"{variable}.mirrors", findings)
    _check_transport(entry, variable, findings)
    _check_login(entry, variable, findings)
    result.update(_authorities(entry, result.get("host", ""), variable, sources, findings))
    result.update(_client_pair(entry, variable, sources, findings))
    return result


def _network(entry: Registry, variable: str, findings: Findings) -> Registry:
    """An entry for dockerd's insecure-registries, which accepts networks; other keys are for single hosts."""
    result: Registry = {"mirrors": [], **{key: entry[key] for key in _OF_A_NETWORK if key in entry}, "host": ""}
    try:
        result["host"] = check_network(entry["host"])
    except HostNameError as exc:
        findings.problem(f"{variable}.host", entry["host"], str(exc), exc.remedy)
    for key in entry:
        if key not in _OF_A_NETWORK and entry[key] not in ([], False):
            remedy = "Add an entry for the registry that it applies to"
            findings.problem(f"{variable}.{key}", None, f"is set for the network {entry['host']}", remedy)
    if not (entry.get("insecure") or entry.get("http")):
        message = "is a network, for which docker can only turn off verified TLS"
        findings.problem(f"{variable}.host", entry["host"], message, "Add `insecure: true`, or name one registry")
    if result["host"].endswith("/0"):
        message = f"{result['host']} covers every address: docker no longer verifies the certificate of any registry"
        findings.warn(f"{variable}.host", message)
    return result


def _mirrors(mirrors: Sequence[str | None], host: str, variable: str, findings: Findings) -> list[str]:
    """*mirrors* in their order and one form."""
    found: list[str] = []
    for index, text in enumerate(mirrors):
        name = f"{variable}[{index}]"
        if text is None:  # of the wrong type, already reported
            continue
        try:
            mirror = "".join(check_mirror(text))
        except HostNameError as exc:
            findings.problem(name, text, str(exc), exc.remedy)
            continue
        if mirror in found:
            findings.problem(name, text, "is in the list twice", "Remove one of them")
        elif mirror == host:
            findings.problem(name, text, "is the registry itself", "Remove it: BuildKit always tries the registry last")
        else:
            found.append(mirror)
    return found


def _check_transport(entry: Registry, variable: str, findings: Findings) -> None:
    for key in ("ca", "ca_from", "client_cert", "client_key"):
        if entry.get("http") and key in entry:
            message = "is set, but `http: true` turns TLS off"
            findings.problem(f"{variable}.{key}", None, message, f"Remove `http` or `{key}`")
    for key in ("ca", "ca_from"):
        if entry.get("insecure") and key in entry:
            message = f"`insecure: true` turns off the check that `{key}` is for; remove it if `{key}` is right"
            findings.warn(variable, message)


def _check_login(entry: Registry, variable: str, findings: Findings) -> None:
    for one, other in (("username", "password"), ("password", "username")):
        if one in entry and other not in entry:
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Set both or neither")
        if one in entry and not entry[one]:
            findings.problem(f"{variable}.{one}", None, "is empty", "Set it, or remove both")
    if ":" in entry.get("username", ""):
        message = "has a colon, which separates name and password in config.json"
        findings.problem(f"{variable}.username", None, message, "Write the name only")
    if re.search(r"[\x00-\x1f\x7f]", entry.get("username", "")):
        findings.problem(f"{variable}.username", None, "has a line break or a control character", "Remove it")


def _authorities(entry: Registry, host: str, variable: str, sources: _Sources, findings: Findings) -> dict[str, str]:
    """`ca` as PEM text, whatever it was made from, as far as it is usable."""
    if not _check_ca_keys(entry, variable, findings):
        return {}
    wanted = _fingerprint(entry, f"{variable}.ca_fingerprint", findings)
    key = "ca" if "ca" in entry else "ca_from"
    try:
        if "ca" in entry:
            data = read(entry["ca"], sources.read_file)
        elif wanted and host and not entry.get("http"):
            data = harbor.authority(host, wanted, sources.fetch)
        else:
            return {}
        text = certificates.authorities(data, now=sources.now, warn_days=sources.warn_days)
    except CertificateError as exc:
        shown = entry[key] if key != "ca" or is_path(entry[key]) else None
        findings.problem(f"{variable}.{key}", shown, str(exc), exc.remedy)
        return {}
    for warning in text.warnings:
        findings.warn(f"{variable}.{key}", warning)
    if wanted and not certificates.with_fingerprint(text.certificates, wanted):
        message = f"matches no certificate in `ca`: {certificates.fingerprints(text.certificates)}"
        remedy = "Set the matching file or, if the CA was replaced on purpose, the new fingerprint"
        findings.problem(f"{variable}.ca_fingerprint", f"sha256:{wanted}", message, remedy)
    return {"ca": text.pem}


def _check_ca_keys(entry: Registry, variable: str, findings: Findings) -> bool:
    """Whether those of `ca`, `ca_from` and `ca_fingerprint` that are given go together."""
    if "ca" in entry and "ca_from" in entry:
        findings.problem(f"{variable}.ca_from", entry["ca_from"], "is set in addition to `ca`", "Remove one of them")
    elif "ca_from" in entry and "ca_fingerprint" not in entry:
        message = "is missing, but `ca_from` is set, and nothing else authenticates the download"
        remedy = "Get the SHA-256 of the CA from the administrators of Harbor, and set it here"
        findings.problem(f"{variable}.ca_fingerprint", None, message, remedy)
    elif "ca_fingerprint" in entry and "ca" not in entry and "ca_from" not in entry:
        remedy = "Set `ca`, or `ca_from: harbor`"
        findings.problem(f"{variable}.ca_fingerprint", None, "is set without a CA to compare it with", remedy)
    else:
        return True
    return False


def _fingerprint(entry: Registry, variable: str, findings: Findings) -> str | None:
    """`ca_fingerprint` in its one form, if it is given and has one."""
    text = entry.get("ca_fingerprint")
    if text is None:
        return None
    try:
        return certificates.parse_fingerprint(text)
    except CertificateError as exc:
        shown = text if re.fullmatch(r"[\w:= ]{0,128}", text) else None  # it could be a key
        findings.problem(variable, shown, str(exc), exc.remedy)
        return None


def _client_pair(entry: Registry, variable: str, sources: _Sources, findings: Findings) -> dict[str, str]:
    """`client_cert` and `client_key` as PEM text, as far as they are usable."""
    found: dict[str, str] = {}

    def take(key: str, parse: Callable[[bytes], certificates.CertificateText]) -> None:
        if key not in entry:
            return
        try:
            text = parse(read(entry[key], sources.read_file))
        except CertificateError as exc:
            shown = entry[key] if key != "client_key" and is_path(entry[key]) else None
            findings.problem(f"{variable}.{key}", shown, str(exc), exc.remedy)
            return
        found[key] = text.pem
        for warning in text.warnings:
            findings.warn(f"{variable}.{key}", warning)

    def client_certificate(data: bytes) -> certificates.CertificateText:
        return certificates.client_certificate(data, now=sources.now, warn_days=sources.warn_days)

    for one, other in (("client_cert", "client_key"), ("client_key", "client_cert")):
        if one in entry and other not in entry:
            findings.problem(f"{variable}.{other}", None, f"is missing, but `{one}` is given", "Set both or neither")
    take("client_cert", client_certificate)
    if "client_cert" in found:
        pem = found["client_cert"]
        take("client_key", lambda data: certificates.CertificateText(private_key.client_key(data, pem)))
    return found
