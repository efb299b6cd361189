# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins of users in ~/.docker/config.json: ours are merged in, everybody else's stay.

A credential helper that the file names for a registry is used, not bypassed
(https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

from __future__ import annotations

import base64
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import client_config
from ansible_collections.multiarch.builders.plugins.module_utils.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import WriteFile, differs, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry

# The key that docker itself uses for Docker Hub.
_HUB = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class Login:
    """The step that logs *user* in to *registry*. Its repr holds the password: never print it."""

    user: str
    registry: Registry


def server(registry: Registry) -> str:
    """The registry's key in config.json."""
    return _HUB if registry.host == "docker.io" else registry.host


def helper_of(config: t.Mapping[str, t.Any], key: str) -> t.Optional[str]:
    """The credential helper for a registry, None if the file itself keeps the secret."""
    helpers = config.get("credHelpers") or {}
    # as docker: an empty helper is an exception from the store
    return (helpers[key] if key in helpers else config.get("credsStore")) or None


def with_login(config: t.Mapping[str, t.Any], registry: Registry) -> t.Dict[str, t.Any]:
    """*config* with the login of *registry*; all else as it was."""
    token = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    auths = {**(config.get("auths") or {}), server(registry): {"auth": token}}
    return {**config, "auths": auths}


def wanted_file(user: str, registry: Registry) -> WriteFile:
    """config.json with the login."""
    return client_config.wanted_file(user, with_login(client_config.load(user), registry))


def is_logged_in(user: str, registry: Registry) -> bool:
    """Whether this very login is there already."""
    config = client_config.load(user)
    helper = helper_of(config, server(registry))
    if helper is None:
        wanted = wanted_file(user, registry)
        return with_login(config, registry) == config and not differs(
            WriteFile(wanted.path, read(wanted.path, wanted.owner) or "", wanted.mode, wanted.owner)
        )
    answer = run([f"docker-credential-{helper}", "get"], user=user, stdin=server(registry))
    try:
        found = json.loads(answer.stdout)
    except ValueError:
        return False
    return (found.get("Username"), found.get("Secret")) == (registry.username, registry.password)


def log_in(step: Login) -> None:
    """Keep the login where the user's configuration wants it."""
    key = server(step.registry)
    helper = helper_of(client_config.load(step.user), key)
    if helper is None:
        write(wanted_file(step.user, step.registry))
        return
    secret = {"ServerURL": key, "Username": step.registry.username, "Secret": step.registry.password}
    answer = run([f"docker-credential-{helper}", "store"], user=step.user, stdin=json.dumps(secret))
    if answer.status != 0:
        raise HostError(f"docker-credential-{helper} of {step.user} does not take the login of {key}: {answer.words}")
