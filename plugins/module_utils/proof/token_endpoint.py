# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries a registry's token endpoint."""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import is_tunnel, proxy_for
from ansible_collections.multiarch.builders.plugins.module_utils.proof import login_answers, outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.tls import TIMEOUT, Handshake, shake
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import names_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import BEARER, Challenge
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import claims_in, token_in


@dataclass(frozen=True)
class Plain:
    """The result over plain TLS: *at* is the subject of the message; each server's answer, by `host[:port]`."""

    outcome: str
    words: str
    at: str
    handshakes: t.Mapping[str, Handshake]
    about: str = ""


def server_of(target: Target, challenge: Challenge) -> Target:
    """The token endpoint of *target*; another server gets neither its exceptions nor its client certificate."""
    host, http = challenge.token_host, challenge.is_plain
    if target.http == http and target.host in names_of(host, http=http):
        return target
    return Target(host, http=http)


def is_reachable(target: Target, proxy: Proxy) -> bool:
    """Whether the standard library can connect there: not by a proxy that does not speak HTTP."""
    return is_tunnel(proxy_for(proxy, "http" if target.http else "https", *target.address))


def ask(
    target: Target,
    challenge: Challenge,
    proxy: Proxy,
    timeout: float = TIMEOUT,
    *,
    scope: str = "",
    account: str = "",
    authorization: str = "",
) -> Handshake:
    """The token endpoint's answer; *account* and *authorization* are those of a login."""
    url = urllib.parse.urlsplit(challenge.token_url(scope, account))
    path = urllib.parse.quote(
        urllib.parse.urlunsplit(("", "", url.path or "/", url.query, "")), safe="/?&=%+:,;@!$*()'~"
    )
    return shake(server_of(target, challenge), proxy, timeout, path=path, authorization=authorization)


def plain(target: Target, proxy: Proxy, scope: str, timeout: float = TIMEOUT) -> Plain:
    """Query the registry, then its token endpoint for *scope* without a login."""
    registry = shake(target, proxy, timeout)
    found, challenge = {target.host: registry}, registry.challenge
    if registry.outcome != outcomes.TRUSTED or challenge is None or challenge.scheme != BEARER:
        return Plain(registry.outcome, registry.words, target.host, found)
    server = server_of(target, challenge)
    if not is_reachable(server, proxy):
        return Plain(registry.outcome, registry.words, target.host, found)
    told = ask(target, challenge, proxy, timeout, scope=scope)
    found.setdefault(server.host, told)
    if not told.status or told.outcome == outcomes.CLIENT_CERTIFICATE:
        words = f"{login_answers.endpoint(challenge.realm)}: {told.words}"
        return Plain(told.outcome, words, server.host, found, outcomes.ENDPOINT)
    outcome, words = login_answers.without_login(challenge.realm, told.status)
    token = token_in(told.body) if told.status == 200 else ""
    if token:
        again = shake(target, proxy, timeout, authorization=f"Bearer {token}")
        if again.error == "invalid_token":
            words = login_answers.invalid(target.url, challenge.realm, claims_in(token), again.clocks)
            return Plain(outcomes.INVALID_TOKEN, words, target.host, found)
    if outcome == outcomes.TRUSTED:
        return Plain(outcome, registry.words, target.host, found)
    about = outcomes.NO_ENDPOINT if outcome == outcomes.OTHER else outcomes.ENDPOINT
    return Plain(outcome, words, server.host, found, about)
