# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers to a login, and to an anonymous token request, prove. Pure.

As in `docker login` (moby, registry/auth.go: loginV2, and docker/distribution, registry/client/auth/session.go; the
same in 26.1, 28.5 and 29): GET /v2/ returns the challenge; then GET /v2/ with the password, or with a token issued
for it. A server's text is never repeated after it was sent a secret, as it could contain it.
"""

from __future__ import annotations

import datetime
import http
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import Claims

Verdict = t.Tuple[str, str]
"""Outcome and message."""

# The rest of 4xx comes from a server that is not a token endpoint: the realm or the service is wrong.
_NO_ENDPOINT = (400, 404, 405)


def answered(who: str, status: int) -> str:
    """An answer as a message, without the server's own text."""
    try:
        phrase = f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return f"{who} answered {status}{phrase}"


def endpoint(realm: str) -> str:
    """The display name of the token endpoint at *realm*, without the query."""
    return f"token endpoint {realm.partition('?')[0]}"


def without_tls(realm: str) -> str:
    """A token endpoint is skipped, as the password would be readable on the network."""
    return f"{endpoint(realm)} has no TLS, so the password was not sent there"


def to_password(where: str, status: int) -> Verdict:
    """The answer of *where*, a registry or a token endpoint, to a name and a password."""
    if status == 200:
        outcome = outcomes.LOGGED_IN
    elif status == 401:  # Harbor also sends it for robot accounts that are disabled or expired
        outcome = outcomes.LOGIN_REFUSED
    else:
        outcome = _of_others(status)
    return outcome, answered(where, status)


def to_token(where: str, status: int, realm: str, claims: Claims, clocks: t.Optional[Clocks]) -> Verdict:
    """A registry's answer to a token that its own token endpoint has just issued."""
    if status == 200:
        return outcomes.LOGGED_IN, answered(where, status)
    if status == 401:
        return outcomes.INVALID_TOKEN, invalid(where, realm, claims, clocks)
    return _of_others(status), answered(where, status)


def invalid(where: str, realm: str, claims: Claims, clocks: t.Optional[Clocks]) -> str:
    """A registry rejects a token; with the times that may be the reason."""
    words = f"{where} rejects the token of {endpoint(realm)}"
    if claims.begins is not None and claims.ends is not None:
        words += f", which is valid from {instant(claims.begins)} to {instant(claims.ends)}"
        words += f"; its own clock shows {instant(clocks.there)}" if clocks else ""
    return words


def without_login(realm: str, status: int) -> Verdict:
    """A token endpoint's answer to an anonymous request; a refusal proves the connection, too."""
    words = answered(endpoint(realm), status)
    if status >= 500:
        return outcomes.SERVER_ERROR, words
    return outcomes.OTHER if status in _NO_ENDPOINT else outcomes.TRUSTED, words


def instant(seconds: int) -> str:
    """A time for display, in UTC."""
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _of_others(status: int) -> str:
    if status == 403:
        return outcomes.FORBIDDEN
    return outcomes.SERVER_ERROR if status >= 500 else outcomes.OTHER
