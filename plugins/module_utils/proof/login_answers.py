# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers to a login prove, and to a request for a token without one. Pure.

As `docker login` has it (moby, registry/auth.go: loginV2, and docker/distribution, registry/client/auth/session.go;
the same in 26.1, 28.5 and 29): GET /v2/ tells how; then GET /v2/ with the password, or a token that was given for it.
What a server wrote is not repeated where it was sent a secret: it could be in it.
"""

from __future__ import annotations

import datetime
import http
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import Claims

Verdict = t.Tuple[str, str]
"""Outcome and words."""

# The rest of 4xx is for whoever gives out no tokens at all: the realm is wrong, or the service.
_NO_ENDPOINT = (400, 404, 405)


def answered(who: str, status: int) -> str:
    """An answer in words, without those of the server."""
    try:
        phrase = f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return f"{who} answered {status}{phrase}"


def endpoint(realm: str) -> str:
    """How the token endpoint at *realm* is called; a query of its own is left out."""
    return f"token endpoint {realm.partition('?')[0]}"


def without_tls(realm: str) -> str:
    """That a token endpoint is not asked, as anybody on the way there would read the password."""
    return f"{endpoint(realm)} has no TLS, so the password was not sent there"


def to_password(where: str, status: int) -> Verdict:
    """What *where*, a registry or a token endpoint, says to a name and a password."""
    if status == 200:
        outcome = outcomes.LOGGED_IN
    elif status == 401:  # Harbor's answer to robot accounts that are disabled or have expired, too
        outcome = outcomes.LOGIN_REFUSED
    else:
        outcome = _of_others(status)
    return outcome, answered(where, status)


def to_token(where: str, status: int, realm: str, claims: Claims, clocks: t.Optional[Clocks]) -> Verdict:
    """What a registry says to a token that its own token endpoint gave just now."""
    if status == 200:
        return outcomes.LOGGED_IN, answered(where, status)
    if status == 401:
        return outcomes.INVALID_TOKEN, invalid(where, realm, claims, clocks)
    return _of_others(status), answered(where, status)


def invalid(where: str, realm: str, claims: Claims, clocks: t.Optional[Clocks]) -> str:
    """That a registry does not take a token, with the times that may be why."""
    words = f"{where} does not take the token of {endpoint(realm)}"
    if claims.begins is not None and claims.ends is not None:
        words += f", which is valid from {instant(claims.begins)} to {instant(claims.ends)}"
        words += f"; by its own clock it is {instant(clocks.there)}" if clocks else ""
    return words


def without_login(realm: str, status: int) -> Verdict:
    """What a token endpoint says to who has no login; a refusal proves the connection, too."""
    words = answered(endpoint(realm), status)
    if status >= 500:
        return outcomes.SERVER_ERROR, words
    return outcomes.OTHER if status in _NO_ENDPOINT else outcomes.TRUSTED, words


def instant(seconds: int) -> str:
    """A time for people, in UTC."""
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _of_others(status: int) -> str:
    if status == 403:
        return outcomes.FORBIDDEN
    return outcomes.SERVER_ERROR if status >= 500 else outcomes.OTHER
