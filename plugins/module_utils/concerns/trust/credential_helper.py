# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credential helpers, run as the user: docker-credential-NAME get, store and erase.

The protocol is that of github.com/docker/docker-credential-helpers. Input goes to stdin: no secret is an argument.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json

# Every helper's output for an unknown server; some add to it.
_NOT_FOUND = "credentials not found"


class SilentError(HostError):
    """A helper failed to return what it stores."""


class Credentials(t.NamedTuple):
    """A user name in the registry, and the secret: never print it."""

    username: str
    secret: str


def get(helper: str, user: str, server: str) -> t.Optional[Credentials]:
    """What the helper stores for *server*, None for nothing. Raises SilentError if it fails."""
    outcome = _run(helper, "get", user, server, server)
    if outcome.status != 0:
        if _NOT_FOUND in outcome.stdout:
            return None
        raise SilentError(f"docker-credential-{helper} of {user} does not tell the login of {server}: {outcome.cause}")
    try:
        found = json.loads(outcome.stdout)
    except ValueError:
        return None
    found = found if isinstance(found, dict) else {}
    username, secret = found.get("Username"), found.get("Secret")
    return Credentials(username, secret) if isinstance(username, str) and isinstance(secret, str) else None


def store(helper: str, user: str, server: str, credentials: Credentials) -> None:
    """Store a login in the helper. Raises HostError if it refuses."""
    given = {"ServerURL": server, "Username": credentials.username, "Secret": credentials.secret}
    outcome = _run(helper, "store", user, server, json.dumps(given))
    if outcome.status != 0:
        raise HostError(f"docker-credential-{helper} of {user} does not take the login of {server}: {outcome.cause}")


def erase(helper: str, user: str, server: str) -> None:
    """Remove a login from the helper. Raises HostError if it refuses."""
    outcome = _run(helper, "erase", user, server, server)
    if outcome.status != 0:
        raise HostError(f"docker-credential-{helper} of {user} keeps the login of {server}: {outcome.cause}")


def _run(helper: str, action: str, user: str, server: str, stdin: str) -> Outcome:
    program = f"docker-credential-{helper}"
    try:
        return run([program, action], user=user, stdin=stdin)
    except NoProgramError:
        file, key = config_json.config_path(user), _key(helper, user, server)
        raise HostError(
            f"{file} has {key}, but {program} is not on this host, so {user} cannot be logged in to {server}: install "
            f"it, or take {key} out, and that file keeps the login"
        ) from None


def _key(helper: str, user: str, server: str) -> str:
    """The setting in the user's config.json that names the helper."""
    helpers = config_json.load(user).get("credHelpers") or {}
    return f'credHelpers: {{"{server}": "{helper}"}}' if server in helpers else f'credsStore: "{helper}"'
