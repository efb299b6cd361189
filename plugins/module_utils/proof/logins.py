# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries logins at their registries, as `docker login` does: no repository is needed, and nothing is stored.

The credentials are those that the user's own docker would send: from config.json, or from its credential helper.
"""

from __future__ import annotations

import base64
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import login
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.credential_helper import Credentials
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import login_answers, outcomes, token_endpoint
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.tls import TIMEOUT, Handshake, shake
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import names_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import BEARER, Challenge
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import Claims, claims_in, token_in

Kept = t.Union[Credentials, str]
"""A login, or why there is none to try."""


@dataclass(frozen=True)
class Tried:
    """The result of a login: *at* is the subject of the message, the clocks seen there, the claims of its token.

    An outcome of TRUSTED is that of a registry that requires no login: nothing was tried.
    """

    outcome: str
    words: str
    at: str
    clocks: t.Mapping[str, Clocks]
    claims: Claims = field(default_factory=Claims)
    about: str = ""


def kept_for(user: str, registry: Registry) -> Kept:
    """What docker sends to *registry* for *user*, if that is the login of the table. Not for threads."""
    try:
        place = login.place_of(user, registry)
        token = login.kept(place)
    except HostError as exc:
        return str(exc)
    where = f"docker-credential-{place.helper}" if place.helper else "config.json"
    if token is None:
        return f"{where} of {user} has no login with a password for {registry.host}"
    wanted = login.credentials_of(registry)
    if token != login.token_of(wanted):
        whose = f", of {login.name_in(token)}" if login.name_in(token) not in ("", wanted.username) else ""
        return f"{where} of {user} has another login for {registry.host} than builder_registries{whose}"
    return wanted


def prove(
    target: Target,
    credentials: Credentials,
    proxy: Proxy,
    timeout: float = TIMEOUT,
    *,
    scope: str = "",
    without_tls: t.Collection[str] = (),
) -> Tried:
    """Log in at *target*; with *scope*, ask for a token for that.

    A token endpoint without TLS gets the password only if *target* has none either, or if it is one of *without_tls*.
    """
    hello = shake(target, proxy, timeout)
    clocks = _seen({target.host: hello})
    if hello.outcome != outcomes.TRUSTED or hello.status == 200:
        return Tried(hello.outcome, hello.words, target.host, clocks)
    if hello.challenge is None:
        words = login_answers.answered(target.url, hello.status)
        words += ", and offers no login method that docker supports" if hello.status == 401 else ""
        return Tried(outcomes.OTHER, words, target.host, clocks)
    listed = set(names_of(hello.challenge.token_host, http=True)) & set(without_tls)
    if hello.challenge.is_plain and not target.http and not listed:
        words = login_answers.without_tls(hello.challenge.realm)
        return Tried(outcomes.OTHER, words, hello.challenge.token_host, clocks, about=outcomes.PLAIN_ENDPOINT)
    if hello.challenge.scheme == BEARER:
        return _by_token(target, hello.challenge, credentials, proxy, timeout, scope, clocks)
    told = shake(target, proxy, timeout, authorization=basic(credentials))
    return Tried(*_verdict(told, target.url, credentials), target.host, clocks)


def _by_token(
    target: Target,
    challenge: Challenge,
    credentials: Credentials,
    proxy: Proxy,
    timeout: float,
    scope: str,
    clocks: t.Mapping[str, Clocks],
) -> Tried:
    server, where = token_endpoint.server_of(target, challenge), login_answers.endpoint(challenge.realm)
    if not token_endpoint.is_reachable(server, proxy):
        return Tried(outcomes.OTHER, f"{where} was not tested: its proxy does not speak HTTP", server.host, clocks)
    account = {"account": credentials.username, "authorization": basic(credentials)}
    told = token_endpoint.ask(target, challenge, proxy, timeout, scope=scope, **account)
    clocks = {**_seen({server.host: told}), **clocks}
    outcome, words = _verdict(told, where, credentials)
    token = token_in(told.body)
    if outcome != outcomes.LOGGED_IN:
        nobody = outcome == outcomes.OTHER and 400 <= told.status < 500
        return Tried(outcome, words, server.host, clocks, about=outcomes.NO_ENDPOINT if nobody else outcomes.ENDPOINT)
    if not token:
        return Tried(outcomes.OTHER, f"{words}, without a token", server.host, clocks, about=outcomes.ENDPOINT)
    taken, claims = shake(target, proxy, timeout, authorization=f"Bearer {token}"), claims_in(token)
    if not taken.status:
        return Tried(taken.outcome, taken.words, target.host, clocks, claims)
    outcome, words = login_answers.to_token(target.url, taken.status, challenge.realm, claims, taken.clocks)
    return Tried(outcome, f"{credentials.username}: {words}", target.host, clocks, claims)


def _verdict(told: Handshake, where: str, credentials: Credentials) -> login_answers.Verdict:
    if not told.status:  # the message is about the connection
        return told.outcome, f"{where}: {told.words}"
    outcome, words = login_answers.to_password(where, told.status)
    return outcome, f"{credentials.username}: {words}"


def basic(credentials: Credentials) -> str:
    """The header Authorization with a password."""
    return f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}"


def _seen(handshakes: t.Mapping[str, Handshake]) -> t.Dict[str, Clocks]:
    return {host: each.clocks for host, each in handshakes.items() if each.clocks}
