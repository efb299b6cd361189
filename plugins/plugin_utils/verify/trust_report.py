# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Missing trust and failing logins, with remedies: a line per registry and outcome. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import fields

from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import Failure, HostError, failure
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import is_loopback
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import LOGIN, PLAIN, Row
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import CONTAINER_NETWORK, PROVISION
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unread import is_unread
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import login_messages
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.login_messages import Answered, Clocks
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import is_authority, names
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import load_certificates
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.served_chain import Chain, is_signed_by, weak

Entry = Mapping[str, t.Any]


def failures(
    rows: Sequence[Answered], entries: Sequence[Entry], chains: Mapping[str, Chain], clocks: Clocks | None = None
) -> list[Failure]:
    """The unproven *rows*, similar ones combined; *entries* are the normalised table of registries."""
    groups: dict[tuple[str, str, str], list[Answered]] = {}
    for row in rows:
        if row["outcome"] not in outcomes.PROVEN:
            groups.setdefault((row["registry"], row["at"], row["outcome"]), []).append(row)
    table = {entry["host"]: entry for entry in entries}
    return [_failure(group, table, chains, clocks or {}) for group in groups.values()]


def message(rows: Sequence[Answered], found: Sequence[Failure]) -> str:
    """The *found* failures of a host for people."""
    bad = {row["registry"] for row in rows if row["outcome"] not in outcomes.PROVEN}
    head = f"{len(bad)} of {len({row['registry'] for row in rows})} registries are not proven:"
    return "\n".join([head, *(f"- {each['message']}. {each['remedy']}." for each in found)])


def _failure(
    group: Sequence[Answered], table: Mapping[str, Entry], chains: Mapping[str, Chain], clocks: Clocks
) -> Failure:
    # the client that got the reason why a token is not valid, if any
    told = (row for row in group if row["outcome"] == outcomes.INVALID_TOKEN and row["way"] in (PLAIN, LOGIN))
    first = next(told, group[0])
    elsewhere = f" at {first['at']}" if first["at"] != first["registry"] else ""
    words = outcomes.cause(first["words"]).rstrip(".")
    what = f"{first['registry']}: {first['outcome']}{elsewhere} ({_ways(group)})"
    return failure(HostError(what, words, _remedy(first, table, chains, clocks)))


def remedies(
    rows: Sequence[Answered], entries: Sequence[Entry], chains: Mapping[str, Chain], clocks: Clocks | None = None
) -> list[str]:
    """What to do about each of *rows*, "" for one that is proven."""
    table = {entry["host"]: entry for entry in entries}
    return ["" if row["outcome"] in outcomes.PROVEN else _remedy(row, table, chains, clocks or {}) for row in rows]


_OF_BUILDERS = {
    outcomes.NETWORK: CONTAINER_NETWORK,
    outcomes.ASLEEP: f"The builder itself does not respond: run {PROVISION}",
}


def _remedy(row: Answered, table: Mapping[str, Entry], chains: Mapping[str, Chain], clocks: Clocks) -> str:
    if row["about"] in _OF_BUILDERS:
        return _OF_BUILDERS[row["about"]]
    if is_unread(Row(**{each.name: row[each.name] for each in fields(Row)})):
        return _unread(row, table, chains.get(row["at"], []))
    outcome, chain = row["outcome"], chains.get(row["at"], [])
    if outcome in login_messages.REMEDIES:
        return login_messages.REMEDIES[outcome](row, table.get(row["registry"], {}), clocks)
    if outcome == outcomes.EXPIRED:
        return login_messages.certificate_expired(row, clocks, _ends(chain))
    if outcome == outcomes.NOT_YET_VALID:
        return login_messages.certificate_not_yet(row, clocks, _begins(chain))
    return login_messages.no_token_endpoint(row) or _REMEDIES[outcome](row["at"], table.get(row["at"], {}), chain)


def _ways(rows: Sequence[Answered]) -> str:
    """The clients of *rows*, as text."""
    who: dict[str, list[str]] = {}
    for row in rows:
        who.setdefault(row["way"], []).append(row["who"])
    titles = {"plain": "plain TLS", "client": "client as", "login": "login of"}
    return ", ".join(
        f"{titles.get(way, way)} {' and '.join(filter(None, found))}".strip() for way, found in who.items()
    )


def _unknown(host: str, entry: Entry, chain: Chain) -> str:
    issuer = f" ({chain[-1].issuer.rfc4514_string()} signed it)" if chain else ""
    if not entry.get("ca"):
        return f"Set `ca` of {host} in builder_registries to its CA, and run {TRUST}{issuer}"
    if chain and not is_signed_by(chain, entry["ca"]):
        remedy = "add that one too, or have the server send its whole chain"
        return f"Its `ca` in builder_registries did not sign its certificate{issuer}: {remedy}"
    if not all(map(is_authority, load_certificates(entry["ca"].encode()))):
        return (
            f"Run {TRUST} with all its concerns. Its `ca` in builder_registries is a server's own certificate and not "
            "a CA, which the trust store of Fedora and similar systems does not accept: there, have it issued by a CA"
        )
    return (
        f"Its `ca` in builder_registries is right, but is not installed everywhere: run {TRUST} with all its concerns, "
        "and without builder_disruption: never"
    )


def _unread(row: Answered, table: Mapping[str, Entry], chain: Chain) -> str:
    """docker fetches tokens with the system trust store as of its start."""
    host, entry = row["at"], table.get(row["at"], {})
    # without its own entry a token endpoint is assumed to have its registry's CA (daemon/tokens.py)
    ca = (entry or table.get(row["registry"], {})).get("ca")
    if ca and (not chain or is_signed_by(chain, ca)):
        return (
            "docker reads the system trust store once, when it starts, and has not read this CA yet: run "
            f"{TRUST}, which restarts docker as builder_disruption allows"
        )
    if entry.get("insecure") and not entry.get("ca"):
        return f"`insecure` does not apply to docker's token requests: also set `ca` of {host}, and run {TRUST}"
    return _unknown(host, entry, chain)


def _weak(_host: str, _entry: Entry, chain: Chain) -> str:
    told = f": {', '.join(weak(chain))}" if weak(chain) else ""
    return (
        f"Certificates signed with SHA-1 or MD5 are rejected{told}. Have them reissued with SHA-256; until then, an "
        "intermediate CA is accepted if it is in `ca` itself"
    )


def _mismatch(host: str, _entry: Entry, chain: Chain) -> str:
    found = names(chain[0]) if chain else []
    told = f"The certificate is for {', '.join(found)}" if found else "The certificate has no subject alternative name"
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    choice = "use one of these names in builder_registries and images, or " if found else ""
    return f"{told}: {choice}have it reissued for {name}"


def _ends(chain: Chain) -> str:
    return ", ".join(f"{each.subject.rfc4514_string()} on {each.not_valid_after_utc:%Y-%m-%d}" for each in chain)


def _begins(chain: Chain) -> str:
    begins = max((each.not_valid_before_utc for each in chain), default=None)
    return f"{begins:%Y-%m-%d}" if begins else ""


def _client(host: str, entry: Entry, _chain: Chain) -> str:
    if entry.get("client_cert"):
        return f"The registry does not accept `client_cert` of {host}, or it is not installed everywhere: run {TRUST}"
    return f"Set `client_cert` and `client_key` of {host} in builder_registries, and run {TRUST}"


def _no_tls(host: str, entry: Entry, _chain: Chain) -> str:
    if entry.get("http"):
        return f"`http: true` of {host} is not configured everywhere: run {TRUST}"
    return f"Give the server a certificate, or set `http: true` for {host} in builder_registries"


def _tls_wanted(host: str, entry: Entry, _chain: Chain) -> str:
    if entry.get("http"):
        return f"Remove `http: true` of {host} from builder_registries, as its server uses TLS"
    if is_loopback(host):
        docker = "; Docker before 28.0 needs `{host: '::1/128', insecure: true}` in builder_registries, too"
        return (
            f"Docker's programs use HTTP for loopback names: run {PROVISION}, which writes `http = false` into "
            f"buildkitd.toml{docker if host.startswith('[') else ''}"
        )
    return "It was contacted without TLS but requires it: find out what redirects there"


def _no_answer(host: str, _entry: Entry, _chain: Chain) -> str:
    if is_loopback(host):
        return "Check that it runs on this host: in a container, a loopback name is the container itself"
    return "Check that it runs, and that this host can resolve its name and reach its port"


def _other(_host: str, _entry: Entry, _chain: Chain) -> str:
    return "The message is that of the client"


_REMEDIES: dict[str, t.Callable[[str, Entry, Chain], str]] = {
    outcomes.UNKNOWN_AUTHORITY: _unknown,
    outcomes.WEAK_SIGNATURE: _weak,
    outcomes.NAME_MISMATCH: _mismatch,
    outcomes.CLIENT_CERTIFICATE: _client,
    outcomes.NO_TLS: _no_tls,
    outcomes.TLS_WANTED: _tls_wanted,
    outcomes.NO_ANSWER: _no_answer,
    outcomes.OTHER: _other,
}
