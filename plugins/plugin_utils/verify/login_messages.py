# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about logins, tokens and clocks: the remedies of a proof that are not about certificates. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.login_answers import instant

Answered = Mapping[str, str]
Clocks = Mapping[str, Mapping[str, int]]
"""{host: {"here": seconds since 1970 by the clock of the builder host, "there": by that of the server}}."""

_TOLERATED = 60  # seconds


def clocks_apart(row: Answered, clocks: Clocks) -> str | None:
    """The difference between this host's clock and those of the servers of *row*; "" if none, None if unknown."""
    known = {host: clocks[host] for host in (row["at"], row["registry"]) if host in clocks}
    for host, each in known.items():
        seconds = abs(each["there"] - each["here"])
        if seconds > _TOLERATED:
            here, there = instant(each["here"]), instant(each["there"])
            return f"this host's clock shows {here}, that of {host} {there}: {_span(seconds)} apart"
    return "" if known else None


def _span(seconds: int) -> str:
    for length, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"


def certificate_expired(row: Answered, clocks: Clocks, chain_ends: str) -> str:
    """About an expired certificate; *chain_ends* lists when each expires, "" if unknown."""
    anew = f"ave it reissued{f' (the chain expires: {chain_ends})' if chain_ends else ''}"
    apart = clocks_apart(row, clocks)
    if apart:
        return f"T{apart[1:]}. Set the wrong one (timedatectl on this host); if this host's is right, h{anew}"
    if apart is None:
        return f"H{anew}, and check the host's clock"
    return f"H{anew}; the clocks of this host and of the server agree"


def certificate_not_yet(row: Answered, clocks: Clocks, begins: str) -> str:
    """About a certificate that is not valid yet; *begins* is the day, "" if unknown."""
    day = f"; it is valid from {begins}" if begins else ""
    apart = clocks_apart(row, clocks)
    if apart:
        return f"T{apart[1:]}. Set the wrong one (timedatectl on this host){day}"
    if apart is None:
        return f"Check the host's clock{day}"
    return (
        "The clocks of this host and of the server agree, so the certificate was issued with a later start, or by a "
        f"machine whose clock is wrong: have it reissued{day}"
    )


def _token(row: Answered, _entry: Mapping[str, t.Any], clocks: Clocks) -> str:
    registry = row["registry"]
    key = f"{registry} may not know the key that its tokens are signed with (rootcertbundle in the registry's settings)"
    apart = clocks_apart(row, clocks)
    if apart:
        return f"T{apart[1:]}. Set the wrong one; if that is not the reason, {key}"
    agree = "The clocks of this host and of the servers agree: t" if apart == "" else "T"
    return f"{agree}he clock of {registry} or that of its token endpoint is wrong, or {key}. This host needs no change"


def _server(row: Answered, _entry: Mapping[str, t.Any], _clocks: Clocks) -> str:
    where = "Its token endpoint" if row["about"] in (outcomes.ENDPOINT, outcomes.NO_ENDPOINT) else "The registry"
    return (
        f"{where} responds with an error: see its logs at {row['at']} (of Harbor: core, and what is behind its proxy). "
        "This host needs no change"
    )


def _refused(row: Answered, entry: Mapping[str, t.Any], _clocks: Clocks) -> str:
    host = row["registry"]
    return (
        f"Correct `username` ({entry.get('username', '')}) or `password` of {host} in builder_registries, and run "
        f"{TRUST}; Harbor gives the same answer for a robot account that is disabled or has expired"
    )


def _forbidden(row: Answered, entry: Mapping[str, t.Any], _clocks: Clocks) -> str:
    name = entry.get("username", "")
    return (
        f"{row['at']} accepts the login but grants no access: check the permissions and addresses of {name} there, or "
        f"set another `username` of {row['registry']} in builder_registries, and run {TRUST}"
    )


def _missing(row: Answered, _entry: Mapping[str, t.Any], _clocks: Clocks) -> str:
    return f"It was not tested. Run {TRUST}, which logs {row['who']} in to {row['registry']} with this login"


def no_token_endpoint(row: Answered) -> str:
    """About an address that issues no tokens, or gets no password; "" if *row* is not about one."""
    if row["about"] == outcomes.PLAIN_ENDPOINT:
        return (
            f"{row['registry']} sends its clients there for tokens, and docker and BuildKit send the password: fix "
            "the address in its settings (auth.token.realm; of Harbor, external_url), or, if others may read "
            f"the password, add an entry for {row['at']} with `http: true` to builder_registries"
        )
    if row["outcome"] != outcomes.OTHER or row["about"] != outcomes.NO_ENDPOINT:
        return ""
    return (
        f"{row['registry']} sends its clients there for tokens: fix the address or the service in its settings "
        "(auth.token.realm and service; of Harbor, external_url). This host needs no change"
    )


REMEDIES: dict[str, t.Callable[[Answered, Mapping[str, t.Any], Clocks], str]] = {
    outcomes.SERVER_ERROR: _server,
    outcomes.INVALID_TOKEN: _token,
    outcomes.LOGIN_REFUSED: _refused,
    outcomes.FORBIDDEN: _forbidden,
    outcomes.NOT_LOGGED_IN: _missing,
}
"""By outcome: what to do about a row, by the table's entry of its registry and the clocks."""
