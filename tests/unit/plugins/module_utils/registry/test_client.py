# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request, with real TLS on loopback."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import context_for, request
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.registry_stand_in import (
    RegistryStandIn,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make


@pytest.fixture(autouse=True)
def _empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.crt"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


def of(ca: Pair) -> Pair:
    return make("registry", ca=False, issuer=ca, names=("localhost",))


def test_a_ca_that_the_system_does_not_have(tmp_path: Path) -> None:
    ca = make("CA", sign=True)
    with RegistryStandIn(tmp_path, of(ca)) as registry:
        registry.body = b"x" * 100_000
        found = request(f"https://{registry.host}/token?a=b", context_for(registry.host, ca=ca.pem), Proxy(), 10)
        assert (found.status, found.reason, len(found.body)) == (401, "Unauthorized", 65536)
        assert found.headers["content-length"] == ("100000",)
        assert [path for path, _headers in registry.asked] == ["/token?a=b"]
        with pytest.raises(ssl.SSLCertVerificationError):
            request(f"https://{registry.host}/", context_for(registry.host), Proxy(), 10)
        assert request(f"https://{registry.host}", context_for(registry.host, verify=False), Proxy(), 10).status == 401


def test_without_tls(tmp_path: Path) -> None:
    with RegistryStandIn(tmp_path) as registry:
        assert request(f"http://{registry.host}/v2/", None, Proxy(), 10, headers={"Authorization": "x"}).status == 401
        ((path, headers),) = registry.asked
        assert (path, headers["Authorization"]) == ("/v2/", "x")
