# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins of users in ~/.docker/config.json: managed ones are merged in, foreign ones kept.

A credential helper that the file names for a registry is used, not bypassed
(https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import credential_helper
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.credential_helper import Credentials
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import Login, Place, server
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import differs, read
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import without
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json


def helper_of(config: t.Mapping[str, t.Any], key: str) -> t.Optional[str]:
    """The credential helper for a registry, None if the secret is stored in the file itself."""
    helpers = config.get("credHelpers") or {}
    # as in docker: an empty helper exempts the registry from the store
    return (helpers[key] if key in helpers else config.get("credsStore")) or None


def place_of(user: str, registry: Registry) -> Place:
    """Where this login is stored according to the user's configuration."""
    key = server(registry)
    return Place(user, key, helper_of(config_json.load(user), key))


def token_of(credentials: Credentials) -> str:
    """User name and secret as stored in config.json: base64, not encrypted."""
    return base64.b64encode(":".join(credentials).encode()).decode()


def credentials_in(token: str) -> t.Optional[Credentials]:
    """The credentials in a token, None if it is damaged."""
    try:
        name, colon, secret = base64.b64decode(token, validate=True).decode().partition(":")
    except ValueError:
        return None
    return Credentials(name, secret) if colon else None


def name_in(token: str) -> str:
    """The user name of a token, "" if it has none."""
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def credentials_of(registry: Registry) -> Credentials:
    """The specified credentials for *registry*."""
    return Credentials(registry.username or "", registry.password or "")


def with_login(config: t.Mapping[str, t.Any], registry: Registry) -> t.Dict[str, t.Any]:
    """*config* with the login of *registry*; all else is unchanged."""
    entry = {"auth": token_of(credentials_of(registry))}
    return {**config, "auths": {**(config.get("auths") or {}), server(registry): entry}}


def kept(place: Place) -> t.Optional[str]:
    """The token of the login at *place*, None without one, or if it holds more than we write."""
    if place.helper is not None:
        found = credential_helper.get(place.helper, place.user, place.server)
        return None if found is None else token_of(found)
    auths = config_json.load(place.user).get("auths")
    entry = auths.get(place.server) if isinstance(auths, dict) else None
    token = entry.get("auth") if isinstance(entry, dict) and len(entry) == 1 else None
    return token if isinstance(token, str) else None


def whose(place: Place) -> t.Optional[str]:
    """The user name of any login at *place*, also of one with an identity token; None without a login of somebody."""
    token = kept(place)
    if token is not None or place.helper is not None:
        return name_in(token or "") or None
    auths = config_json.load(place.user).get("auths")
    entry = auths.get(place.server) if isinstance(auths, dict) else None
    if not isinstance(entry, dict) or not entry:  # docker writes {} for a login that it gives to a helper
        return None
    token = entry.get("auth")
    return (name_in(token) if isinstance(token, str) else "") or "someone"


def wanted_file(user: str, registry: Registry) -> WriteFile:
    """config.json with the login."""
    return config_json.wanted_file(user, with_login(config_json.load(user), registry))


def is_logged_in(user: str, registry: Registry) -> bool:
    """Whether exactly this login exists."""
    place = place_of(user, registry)
    if place.helper is None:
        config, wanted = config_json.load(user), wanted_file(user, registry)
        return with_login(config, registry) == config and not differs(
            WriteFile(wanted.path, read(wanted.path, wanted.owner) or "", wanted.mode, wanted.owner)
        )
    try:
        return credential_helper.get(place.helper, user, place.server) == credentials_of(registry)
    except credential_helper.SilentError:
        return False  # storing the login gives a better message


def log_in(step: Login) -> None:
    """Store the login where the user's configuration puts it."""
    place = place_of(step.user, step.registry)
    if place.helper is None:
        config_json.save(step.user, with_login(config_json.load(step.user), step.registry))
    else:
        credential_helper.store(place.helper, place.user, place.server, credentials_of(step.registry))


def log_out(place: Place) -> None:
    """Remove the login at *place*; everything else in config.json is kept."""
    if place.helper is None:
        config = without(config_json.load(place.user), [("auths", place.server)])
        config_json.save(place.user, config)
    else:
        credential_helper.erase(place.helper, place.user, place.server)
