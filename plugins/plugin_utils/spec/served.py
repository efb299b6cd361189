# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that serve and their clients: certificates are filled in, from the fleet's CA or from those that are given."""

from __future__ import annotations

import datetime
import operator
import typing as t
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import (
    OWN,
    Fleet,
    Server,
    Settings,
    fleet_of,
    renewal,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import valid_name
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source, allowed_row
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import anchors, certificates, private_key
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, ReadFile, read
from cryptography.x509 import Certificate

Values = dict[str, t.Any]
_AUTHORITY = "builder_serve_authority"
_CLIENT = ("ca", "client_cert", "client_key")


@dataclass(frozen=True)
class Host:
    """The host *name* that the options are for, how to read its files, and the time, aware of its time zone."""

    name: str
    read_file: ReadFile
    now: datetime.datetime
    warn_days: int = 30


def find(
    host: str,
    variable: str,
    this: str,
    source: Source | None,
    findings: Findings,
    variables: Mapping[str, t.Any] | None,
) -> Server | None:
    """The *host* that serves the node *variable* of *this* host; *variables* are its own, None if it is unknown."""
    if host == this:
        remedy = "Remove the node, and use the builder that is served here directly"
        findings.problem(f"{variable}.serve", host, "is this host itself", remedy)
        return None
    if variables is None or source is None:
        remedy = "Write the name of a host in the inventory that has `builder_serve`, or set `endpoint` in its place"
        findings.problem(f"{variable}.serve", host, "is not a host of the inventory", remedy)
        return None
    fleet = _fleet(source, findings)
    found = fleet.servers.get(host) if fleet else None
    if fleet and found is None:
        remedy = "Set `builder_serve` for that host, such as `builder_serve: {address: 0.0.0.0}`"
        findings.problem(f"{variable}.serve", host, "is a host that serves no builder", remedy)
    return found


def _fleet(source: Source | None, findings: Findings) -> Fleet | None:
    """The servers and clients; None if variables of a host cannot be read, which is a problem of all that need them."""
    try:
        return source.fleet if source else None
    except SpecError as exc:
        findings.problems += [each for each in exc.problems if each not in findings.problems]
        return None


def of_node(node: Values, variable: str, this: str, source: Source | None, findings: Findings) -> Values:
    """`serve`, and the certificates of the node unless it has its own. Problems of its host are already reported."""
    fleet = _fleet(source, findings)
    server = fleet.servers.get(node["serve"]) if fleet and node["serve"] != this else None
    if source is None or server is None:
        return {}
    own = {"serve": server.name}
    given = [key for key in _CLIENT if key in node]
    if server.own and len(given) < len(_CLIENT):
        remedy = "Set `ca`, `client_cert` and `client_key` of this client"
        findings.problem(variable, None, f"{server.name} has certificates of another CA than the fleet's", remedy)
    elif given and not server.own:
        message = f"is set, but {server.name} and its clients have certificates of the fleet's CA"
        findings.problem(f"{variable}.{given[0]}", None, message, "Remove it")
    if server.own or given:
        return own
    _check_name(node, variable, server, findings)
    return own | _issued(variable, this, source, server, findings)


def _issued(variable: str, this: str, source: Source, server: Server, findings: Findings) -> Values:
    """The certificates of *this* host as a client of *server*."""
    client = source.fleet.clients.get(this)
    if client is None or server.name not in client.servers:
        remedy = "Put the builder into `builder_instances` of this host in the inventory"
        message = f"{server.name} does not know this host as a client: it reads the inventory only"
        findings.problem(f"{variable}.serve", server.name, message, remedy)
        return {}
    if client.folder != server.folder:
        message = f"differs from that of {server.name}, which is {server.folder}"
        findings.problem(_AUTHORITY, client.folder, message, "Give both the same folder, such as for group `all`")
        return {}
    try:
        files = source.of_client(client)
    except FolderError as exc:
        findings.problem(_AUTHORITY, None, str(exc), exc.remedy)
        return {}
    return {"ca": files.ca, "client_cert": files.certificate, "client_key": files.key}


def _check_name(node: Values, variable: str, server: Server, findings: Findings) -> None:
    """The name by which buildx checks the certificate must be in it (docker/buildx, driver/remote/driver.go)."""
    if not node.get("endpoint") or not node["endpoint"].startswith("tcp://"):
        return
    options = node.get("driver_opts")
    called = options.get("servername") if isinstance(options, dict) else None
    name = called or urllib.parse.urlsplit(node["endpoint"]).hostname or ""
    if name.lower() not in {each.lower() for each in server.names}:
        remedy = (
            f"Add it to `names` of {server.name}, or set driver_opts.servername to one of {', '.join(server.names)}"
        )
        findings.problem(f"{variable}.endpoint", name, f"is not a name in the certificate of {server.name}", remedy)


def completed(value: Values, variable: str, host: Host, source: Source | None, findings: Findings) -> Values:
    """*value*, already checked for where it listens, with `names`, certificates and, for `clients`, their table."""
    _check_names(value, variable, findings)
    _check_clients(value, variable, host, findings)
    kept = {key: each for key, each in value.items() if key not in ("clients", "allowed")}
    fleet = _fleet(source, findings)
    if any(map(value.get, OWN)) and not (fleet and host.name in fleet.servers):  # options of a task
        fleet = fleet_of({host.name: Settings(value)})
    server = fleet.servers.get(host.name) if fleet else None
    if fleet and server and server.own:
        return kept | _of_another_authority(value, variable, host, fleet, server, findings)
    if source and server:
        return kept | _of_the_fleet(value, variable, source, server, findings)
    if source is None or fleet is not None:
        remedy = "Set `builder_serve` for this host in the inventory, or `ca`, `certificate` and `key` here"
        findings.problem(variable, None, "has certificates and clients by the inventory only", remedy)
    return kept


def _of_the_fleet(value: Values, variable: str, source: Source, server: Server, findings: Findings) -> Values:
    """What the fleet's CA has issued."""
    for index, row in enumerate(value.get("clients", [])):
        if "certificate" in row:
            remedy = "Remove it, or set `ca`, `certificate` and `key` of builder_serve, too"
            findings.problem(f"{variable}.clients[{index}].certificate", None, "is for another CA only", remedy)
    if not server.names:
        message = "is missing, and the name of the host cannot be that of a certificate"
        findings.problem(f"{variable}.names", None, message, "Set `names`")
        return {}
    _check_folders(source, server, findings)
    try:
        files, table = source.of_server(server), source.allowed(server)
    except FolderError as exc:
        findings.problem(_AUTHORITY, None, str(exc), exc.remedy)
        return {}
    named = {"names": list(server.names), "allowed": table}
    return named | {"ca": files.ca, "certificate": files.certificate, "key": files.key}


def _check_folders(source: Source, server: Server, findings: Findings) -> None:
    """A client has one certificate, in one folder: a server with another one would refuse it without a word."""
    for client in source.fleet.clients_of(server.name):
        if client.folder != server.folder and not client.is_host:  # a host tells it itself
            message = f"differs from {client.folder}, where another server has the certificate of client {client.name}"
            remedy = "Give all servers the same folder, or the client another name here"
            findings.problem(_AUTHORITY, server.folder, message, remedy)


def _check_names(value: Values, variable: str, findings: Findings) -> None:
    for index, name in enumerate(value.get("names", [])):
        if name is not None and not valid_name(name):
            remedy = "Write a DNS name or an IP address, without a port"
            findings.problem(f"{variable}.names[{index}]", name, "is not a valid name for a certificate", remedy)


def _check_clients(value: Values, variable: str, host: Host, findings: Findings) -> None:
    for index, row in enumerate(value.get("clients", [])):
        place = f"{variable}.clients[{index}]"
        if row.get("days", 1) < 1:
            findings.problem(f"{place}.days", row["days"], "must be greater than 0", "Write days, such as 90")
        try:
            since = renewal(row.get("renew"))
        except ValueError:
            remedy = "Write a date such as 2026-11-30, or with a time in UTC, 2026-11-30 14:05"
            findings.problem(f"{place}.renew", str(row["renew"]), "is not a date", remedy)
            continue
        if since and since > host.now:
            remedy = "Write the present time or an earlier one: certificates from before are no longer allowed"
            findings.problem(f"{place}.renew", str(row["renew"]), "is in the future", remedy)


def _of_another_authority(
    value: Values, variable: str, host: Host, fleet: Fleet, server: Server, findings: Findings
) -> Values:
    """The certificates that the user gave, checked; the table has those of the clients."""
    if missing := [key for key in OWN if key not in value]:
        remedy = "Set `ca`, `certificate` and `key`, or none of them for certificates of the fleet's own CA"
        findings.problem(f"{variable}.{missing[0]}", None, "is missing", remedy)
        return {}
    found: Values = {}
    try:
        for key, check, purpose in (
            ("ca", certificates.authorities, certificates.CLIENTS),
            ("certificate", certificates.client_certificate, certificates.SERVERS),
        ):
            data = read(value[key], host.read_file)
            text = check(data, now=host.now, warn_days=host.warn_days, purpose=purpose)
            for warning in text.warnings:
                findings.warn(f"{variable}.{key}", warning)
            if key == "certificate":
                found |= _names(text, value.get("names", []))
            found[key] = text.pem
        found["key"] = private_key.client_key(read(value["key"], host.read_file), found["certificate"])
    except CertificateError as exc:
        at_fault = next(key for key in OWN if key not in found)
        findings.problem(f"{variable}.{at_fault}", None, _for_servers(exc), _for_servers(exc.remedy))
    return found | {"allowed": _given(value, variable, host, fleet, server, findings)}


def _for_servers(text: object) -> str:
    return str(text).replace("client certificate", "certificate")


def _names(text: certificates.CertificateText, wanted: Sequence[str]) -> Values:
    """`names` of a server's certificate. Raises CertificateError if clients would reject it, by one of *wanted*."""
    first = text.certificates[0]
    if not anchors.is_for_servers(first):
        raise CertificateError("has an extendedKeyUsage that is not for servers", "Have it reissued for a server")
    known = anchors.names(first)
    if missing := [each for each in wanted if each not in known]:
        remedy = f"Set `names` to those of the certificate ({', '.join(known) or 'it has none'}), or have it reissued"
        raise CertificateError(f"is not for {', '.join(missing)}, by which clients connect", remedy)
    return {"names": names} if (names := list(wanted) or known) else {}


def _given(value: Values, variable: str, host: Host, fleet: Fleet, server: Server, findings: Findings) -> list[Values]:
    """The table of clients with certificates of another CA: those listed, and hosts of the inventory."""
    clients = fleet.clients_of(server.name)
    hosts = {each.name for each in clients if each.is_host}
    listed = [(row.get("name"), row.get("certificate")) for row in value.get("clients", [])]
    rows: list[Values] = []
    for index, (name, text) in enumerate(listed):
        place = f"{variable}.clients[{index}].certificate"
        if text:
            rows += _rows(name, text, place, host, findings)
        elif name not in hosts:
            findings.problem(
                place, None, "is missing", "Set the client's certificate: its fingerprint is what is allowed"
            )
    for client in clients:
        texts = [each for each in client.given.get(server.name, ()) if (client.name, each) not in listed]
        for text in texts:
            rows += _rows(client.name, text, f"client_cert of {client.name}", host, findings)
    return sorted(rows, key=operator.itemgetter("name"))


def _rows(name: str, text: str, variable: str, host: Host, findings: Findings) -> list[Values]:
    """Those of a client: CAs in the same file do not count."""
    try:
        found = certificates.load_certificates(read(text, host.read_file))
    except CertificateError as exc:
        findings.problem(variable, None, str(exc), exc.remedy)
        return []
    own = [found[0], *(each for each in found[1:] if not _is_authority(each))]
    return [allowed_row(name, each) for each in own if host.now < each.not_valid_after_utc]


def _is_authority(certificate: Certificate) -> bool:
    try:
        return anchors.is_authority(certificate)
    except anchors.NOT_PARSED:
        return False
