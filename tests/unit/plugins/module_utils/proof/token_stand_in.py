# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of a registry with token authentication and its token endpoint, on one address or on two."""

from __future__ import annotations

import base64
import json
import time
import typing as t
import urllib.parse
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.registry_stand_in import (
    RegistryStandIn,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair

Answer = tuple[int, dict[str, str], bytes]
LOGIN = ("robot$ci", "s3cret:of-the-robot")


def basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def encoded(claims: t.Any) -> str:
    """A token with these claims; nobody here looks at its signature."""
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2ln"])


class TokenStandIn(RegistryStandIn):
    """A registry that takes tokens and passwords of LOGIN alone, as Harbor does; what is wrong with it can be set.

    *realm* is its own /service/token unless it is set; *token_status* and *registry_status* are what everybody is told.
    """

    def __init__(self, folder: Path, certificate: Pair | None = None) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, certificate)
        self.realm = f"{'https' if certificate else 'http'}://{self.host}/service/token"
        self.scheme = "Bearer"
        self.token_status = 200
        self.registry_status = 0  # 0: as it should be
        self.token: t.Any = None  # in place of one that it makes
        self.valid_in = 0  # seconds from now, when tokens begin to be valid
        self.actions = ["pull", "push"]
        self.error = ""  # what it says of tokens that are not valid: distribution does, Harbor does not

    def answer(self, path: str, authorization: str) -> Answer:
        parts = urllib.parse.urlsplit(path)
        if parts.path == "/service/token":
            return self._give(urllib.parse.parse_qs(parts.query), authorization)
        if self.registry_status:
            return self.registry_status, {}, b"<html>nginx</html>"
        if self._knows(authorization):
            found = b'{"errors":[{"code":"UNAUTHORIZED","message":"project nope not found: project nope not found"}]}'
            return (401, {}, found) if parts.path.startswith("/v2/nope/") else (200, {}, b"{}")
        challenge = f'Bearer realm="{self.realm}",service="harbor-registry"'
        if authorization.startswith("Bearer ") and self.error:
            challenge += f',error="{self.error}"'
        return (
            401,
            {"WWW-Authenticate": challenge if self.scheme == "Bearer" else "Basic realm=x"},
            authorization.encode(),
        )

    def _knows(self, authorization: str) -> bool:
        scheme, _space, value = authorization.partition(" ")
        if scheme == "Basic":
            return authorization == basic(*LOGIN)
        if scheme != "Bearer" or value.count(".") != 2:
            return False
        claims = json.loads(base64.urlsafe_b64decode(f"{value.split('.')[1]}==="))
        return bool(claims["nbf"] <= time.time() < claims["exp"] and claims["sub"])

    def _give(self, query: dict[str, list[str]], authorization: str) -> Answer:
        """Who has a wrong password, or none, gets a token without access, if it is for a scope (Harbor, "
        "token/creator.go)."""
        known = authorization == basic(*LOGIN)
        if self.token_status != 200:
            return self.token_status, {}, authorization.encode()  # as unkind servers do
        if not known and "scope" not in query:
            return 401, {}, b""
        start = int(time.time()) + self.valid_in
        names = [scope.split(":")[1] for scope in query.get("scope", [])]
        access = [{"type": "repository", "name": each, "actions": self.actions if known else []} for each in names]
        claims = {"sub": LOGIN[0] if known else "", "nbf": start, "exp": start + 1800, "access": access}
        token = encoded(claims) if self.token is None else self.token
        return 200, {"Content-Type": "application/json"}, json.dumps({"token": token}).encode()
