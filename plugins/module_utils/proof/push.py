# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out why a push was refused, without pushing.

BuildKit's message does not say: Harbor answers 401 for a wrong password, an unknown project and missing permissions,
and BuildKit passes on the status of its last try. So the login is tried, then a token is requested.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import login
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import logins, outcomes, rights
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.rights import Rights
from ansible_collections.multiarch.builders.plugins.module_utils.proof.tls import shake
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import split_repository

_DIRECT = Proxy()
# The result of the proof of trust, if it can be determined here at all.
_KNOWN = (outcomes.LOGIN_REFUSED, outcomes.FORBIDDEN, outcomes.INVALID_TOKEN)


def look(repository: str, user: str) -> t.Optional[Rights]:
    """The permissions of *user*'s login; None if they cannot be determined by TLS with the system's store."""
    host, path = split_repository(repository)
    try:
        token = login.kept(login.place_of(user, Registry(host)))
    except HostError:
        return None
    if token is None:
        return Rights(outcomes.NOT_LOGGED_IN, host, path, user)
    credentials = login.credentials_in(token)
    if credentials is None:
        return None
    target, name = Target(host, has_pair=True), credentials.username
    found = logins.prove(target, credentials, _DIRECT)
    if found.outcome in _KNOWN:
        return Rights(found.outcome, host, path, user, name, found.words)
    if found.outcome != outcomes.LOGGED_IN:
        return None
    given = logins.prove(target, credentials, _DIRECT, scope=rights.scope_of(path))
    # Harbor accepts a password in place of a token, and then reports missing projects.
    listed = shake(target, _DIRECT, path=f"/v2/{path}/tags/list", authorization=logins.basic(credentials))
    kind = rights.kind_of(given.claims.access, path, rights.messages_in(listed.body))
    return Rights(kind, host, path, user, name)
