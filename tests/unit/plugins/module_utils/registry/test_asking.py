# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries are asked how they want logins, with real TLS on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry.asking import challenges
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import BASIC, BEARER, Challenge
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.registry_stand_in import (
    RegistryStandIn,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA, OTHER = make("CA", sign=True), make("other CA", sign=True)
TOKENS = {"WWW-Authenticate": 'Bearer realm="https://auth.example/token",service="registry"'}


@pytest.mark.parametrize(
    ("status", "headers", "challenge", "silent"),
    [
        pytest.param(401, TOKENS, Challenge(BEARER, "https://auth.example/token", "registry"), None, id="tokens"),
        pytest.param(401, {"WWW-Authenticate": "Basic realm=x"}, Challenge(BASIC), None, id="passwords"),
        pytest.param(200, {}, None, None, id="no login"),
        pytest.param(401, {}, None, None, id="no challenge"),
        pytest.param(502, {}, None, "HTTP 502 Bad Gateway", id="nobody behind nginx"),
    ],
)
def test_what_registries_say(
    status: int, headers: dict[str, str], challenge: Challenge | None, silent: str | None, tmp_path: Path
) -> None:
    server = make("registry", ca=False, issuer=CA, names=("localhost",))
    with RegistryStandIn(tmp_path, server) as registry:
        registry.status, registry.headers = status, headers
        found, why = challenges((Registry(registry.host, ca=CA.pem),), Proxy())
    assert found.get(registry.host) == challenge
    assert why.get(registry.host) == silent


def test_each_is_asked_with_its_own_trust(tmp_path: Path) -> None:
    server = make("registry", ca=False, issuer=CA, names=("localhost",))
    with RegistryStandIn(tmp_path, server) as registry:
        registry.headers = TOKENS
        port = registry.host.partition(":")[2]
        rows = [
            Registry(registry.host, ca=OTHER.pem + CA.pem),
            Registry(f"127.0.0.1:{port}", insecure=True),
            Registry(f"[::1]:{port}", ca=CA.pem),
        ]
        found, why = challenges(rows, Proxy())
        assert set(found) == {registry.host, f"127.0.0.1:{port}"}
        assert why == {f"[::1]:{port}": "Connection refused"}
        assert challenges([Registry(registry.host, ca=OTHER.pem)], Proxy()) == (
            {},
            {registry.host: "unable to get local issuer certificate"},
        )


def test_a_proxy_that_nobody_here_speaks_to_is_told() -> None:
    proxy = Proxy(https="socks5://proxy.example:1080")
    assert challenges([Registry("a.example")], proxy) == ({}, {"a.example": "its proxy does not speak HTTP"})
