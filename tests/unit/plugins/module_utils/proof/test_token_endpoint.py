# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain way asks who gives out tokens, too: real servers on loopback."""

from __future__ import annotations

import collections.abc
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.token_endpoint import plain, server_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import BEARER, Challenge
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import TokenStandIn
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

DIRECT = Proxy()
SCOPE = "repository:multiarch-builders/proof-1a2b:pull"
CA, OTHER = make("CA", sign=True), make("other CA", sign=True)


def server(ca: Pair, **more: t.Any) -> Pair:
    return make("server", ca=False, issuer=ca, **{"names": ("localhost",), **more})


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's trust store has CA alone."""
    (tmp_path / "store.crt").write_text(CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.crt"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


@pytest.fixture
def registry(tmp_path: Path) -> collections.abc.Iterator[TokenStandIn]:
    with TokenStandIn(tmp_path / "registry", server(CA)) as running:
        yield running


def test_both_answer(registry: TokenStandIn) -> None:
    found = plain(Target(registry.host), DIRECT, SCOPE)
    assert (found.outcome, found.words, found.at) == ("trusted", "HTTP 401 Unauthorized", registry.host)
    hello, token, again = registry.asked
    assert (
        token[0] == "/service/token?service=harbor-registry&scope=repository%3Amultiarch-builders%2Fproof-1a2b%3Apull"
    )
    assert [hello[0], again[0]] == ["/v2/", "/v2/"]
    assert ["Authorization" in headers for _path, headers in registry.asked] == [False, False, True]
    assert found.handshakes[registry.host].clocks is not None


@pytest.mark.parametrize(
    ("faults", "outcome", "words"),
    [
        pytest.param({"token_status": 500}, "server error", "{at} answered 500 Internal Server Error", id="500"),
        pytest.param({"token_status": 502}, "server error", "{at} answered 502 Bad Gateway", id="502"),
        pytest.param({"token_status": 404}, "other", "{at} answered 404 Not Found", id="404"),
        pytest.param({"token_status": 401}, "trusted", "HTTP 401 Unauthorized", id="not without a login"),
        pytest.param({"token": 5}, "trusted", "HTTP 401 Unauthorized", id="no token"),
        pytest.param(
            {"valid_in": 86400}, "trusted", "HTTP 401 Unauthorized", id="a token of tomorrow, Harbor says no more"
        ),
        pytest.param(
            {"registry_status": 502},
            "server error",
            "HTTP 502 Bad Gateway: <html>nginx</html>",
            id="the registry itself",
        ),
        pytest.param({"scheme": "Basic"}, "trusted", "HTTP 401 Unauthorized", id="passwords"),
    ],
)
def test_what_the_token_endpoint_answers(
    faults: dict[str, t.Any], outcome: str, words: str, registry: TokenStandIn
) -> None:
    vars(registry).update(faults)
    found = plain(Target(registry.host), DIRECT, SCOPE)
    at = f"token endpoint https://{registry.host}/service/token"
    assert (found.outcome, found.words) == (outcome, words.format(at=at))
    assert (found.about == outcomes.NO_ENDPOINT) is (outcome == "other")


def test_a_token_of_tomorrow(registry: TokenStandIn) -> None:
    registry.valid_in, registry.error = 86400, "invalid_token"
    found = plain(Target(registry.host), DIRECT, SCOPE)
    assert (found.outcome, found.at) == ("token not valid", registry.host)
    start = f"https://{registry.host}/v2/ rejects the token of token endpoint {registry.realm}, which is valid from "
    assert found.words.startswith(start)
    assert "; its own clock shows " in found.words


@pytest.mark.parametrize(
    ("certificate", "outcome"),
    [
        pytest.param(server(CA), "trusted", id="trusted"),
        pytest.param(server(OTHER), "unknown authority", id="another CA"),
        pytest.param(server(CA, names=("auth.example",)), "name mismatch", id="another name"),
        pytest.param(server(CA, start=-400, end=-200), "expired", id="too old"),
        pytest.param(None, "no TLS", id="HTTP"),
    ],
)
def test_an_endpoint_elsewhere(certificate: Pair | None, outcome: str, registry: TokenStandIn, tmp_path: Path) -> None:
    with TokenStandIn(tmp_path / "auth", certificate) as auth:
        auth.ahead = 7200
        registry.realm = f"https://{auth.host}/service/token"
        found = plain(Target(registry.host), DIRECT, SCOPE)
        assert (found.outcome, found.at) == (outcome, registry.host if outcome == "trusted" else auth.host)
        assert found.handshakes[registry.host].outcome == "trusted"
        assert found.handshakes[auth.host].chain == ((certificate.der,) if certificate else ())
        if outcome == "expired":
            clocks = found.handshakes[auth.host].clocks
            assert clocks is not None
            assert clocks.there - clocks.here == pytest.approx(7200, abs=300), "a busy machine takes its time"


def test_an_endpoint_that_nobody_knows(registry: TokenStandIn) -> None:
    registry.realm = "https://auth.invalid/token"
    found = plain(Target(registry.host), DIRECT, SCOPE)
    assert (found.outcome, found.at) == ("no answer", "auth.invalid")
    assert found.words.startswith(
        "token endpoint https://auth.invalid/token: the name auth.invalid cannot be resolved: "
    )


@pytest.mark.parametrize(
    ("realm", "outcome"), [("https://a..b/token", "other"), ("https://auth.invalid/t\u00f6k en?\u00fc", "no answer")]
)
def test_a_realm_that_is_odd(realm: str, outcome: str, registry: TokenStandIn) -> None:
    registry.realm = realm.encode().decode("latin-1")
    assert plain(Target(registry.host), DIRECT, SCOPE).outcome == outcome


def test_an_endpoint_behind_a_proxy_that_does_not_speak_http_is_not_asked(registry: TokenStandIn) -> None:
    registry.realm = "https://auth.invalid/token"
    proxy = Proxy(https="socks5://p:1", no_proxy=("localhost",))
    assert plain(Target(registry.host), proxy, SCOPE).outcome == "trusted"


PAIR = Target("a.b", has_pair=True)


@pytest.mark.parametrize(
    ("target", "realm", "server"),
    [
        pytest.param(PAIR, "https://a.b/token", PAIR, id="on the same address"),
        pytest.param(PAIR, "https://A.B:443/token", PAIR, id="the same address, otherwise written"),
        pytest.param(
            Target("a.b:443", has_pair=True), "https://a.b/token", Target("a.b:443", has_pair=True), id="with its port"
        ),
        pytest.param(Target("a.b:80", http=True), "http://a.b/t", Target("a.b:80", http=True), id="the same of HTTP"),
        pytest.param(Target("a.b:5000"), "https://a.b/token", Target("a.b"), id="on another port"),
        pytest.param(PAIR, "https://auth.b/token", Target("auth.b"), id="elsewhere: no certificate of the client"),
        pytest.param(Target("a.b", insecure=True), "https://auth.b/token", Target("auth.b"), id="elsewhere: verified"),
        pytest.param(Target("a.b", http=True), "https://a.b/token", Target("a.b"), id="with TLS, unlike the registry"),
        pytest.param(PAIR, "http://a.b/token", Target("a.b", http=True), id="without TLS, unlike the registry"),
    ],
)
def test_who_gives_out_tokens(target: Target, realm: str, server: Target) -> None:
    assert server_of(target, Challenge(BEARER, realm)) == server
