# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain way, with real TLS on loopback."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.plugins.module_utils.proof.tls import shake
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.registry_stand_in import (
    RegistryStandIn,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

DIRECT = Proxy()
HERE = ("localhost",)
# How many of the certificates that a server sends are seen: Python 3.9 shows the first alone.
SHOWN = None if sys.version_info >= (3, 10) else 1


@pytest.fixture(scope="module")
def ca() -> Pair:
    return make("CA", sign=True)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, ca: Pair, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's trust store, which has *ca* alone."""
    path = tmp_path / "store.crt"
    path.write_text(ca.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return path


def server(ca: Pair, *, names: tuple[str, ...] = HERE, start: int = -30, end: int = 3650) -> Pair:
    return make("registry", ca=False, issuer=ca, names=names, start=start, end=end)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        pytest.param(200, b"", "trusted", id="open"),
        pytest.param(401, b"", "trusted", id="wants a login"),
        pytest.param(403, b"", "trusted", id="forbidden"),
        pytest.param(404, b"", "trusted", id="another path"),
        pytest.param(
            400,
            b"<center>No required SSL certificate was sent</center>",
            "client certificate wanted",
            id="nginx in front, which lets the handshake pass",
        ),
        pytest.param(400, b"Client sent an HTTP request to an HTTPS server.\n", "TLS wanted", id="Go"),
        pytest.param(400, b"<h1>The plain HTTP request was sent to HTTPS port</h1>", "TLS wanted", id="nginx, HTTP"),
        pytest.param(400, b"You're speaking plain HTTP to an SSL-enabled server port.", "TLS wanted", id="Apache"),
        pytest.param(400, b"", "other", id="bad request"),
        pytest.param(502, b"", "server error", id="nobody behind nginx"),
    ],
)
def test_what_a_server_that_is_trusted_answers(
    status: int, body: bytes, outcome: str, ca: Pair, tmp_path: Path
) -> None:
    own = server(ca)
    with RegistryStandIn(tmp_path, own, ca) as registry:
        registry.status, registry.body = status, body
        found = shake(Target(registry.host), DIRECT)
        assert (found.outcome, found.words.split()[:2]) == (outcome, ["HTTP", str(status)])
        assert found.chain == (own.der, ca.der)[:SHOWN]
        ((path, headers),) = registry.asked
        assert (path, headers["Host"]) == ("/v2/", registry.host)


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"  # of the record protocol, fatal: protocol_version
HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"


@contextmanager
def old_tls(answer: bytes) -> Iterator[str]:
    """`host:port` of a server with TLS that no client of today speaks: *answer* is what it says to any handshake."""

    def serve() -> None:
        while True:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                connection.sendall(answer if connection.recv(4096)[:1] == b"\x16" else HTTP)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_server_whose_tls_is_too_old_is_not_one_without_tls() -> None:
    with old_tls(ALERT) as host:
        found = shake(Target(host), DIRECT)
    assert found.outcome == "other"
    assert found.words.startswith("TLS failed: ")


@pytest.mark.parametrize(
    ("certificate", "outcome", "told"),
    [
        pytest.param({"names": ("other.example",)}, "name mismatch", "localhost", id="another name"),
        pytest.param({"names": ()}, "name mismatch", "localhost", id="no name"),
        pytest.param({"start": -400, "end": -200}, "expired", "certificate has expired", id="too old"),
        pytest.param({"start": 3000}, "not yet valid", "not yet valid", id="too new"),
    ],
)
def test_a_certificate_that_is_not_good(
    certificate: dict[str, tuple[str, ...]], outcome: str, told: str, ca: Pair, tmp_path: Path
) -> None:
    own = server(ca, **certificate)  # type: ignore[arg-type]
    with RegistryStandIn(tmp_path, own) as registry:
        registry.ahead = -3600
        found = shake(Target(registry.host), DIRECT, path="/token", authorization="Basic c2VjcmV0")
    assert (found.outcome, found.chain) == (outcome, (own.der,))
    assert told in found.words
    if outcome == "name mismatch":
        assert (registry.asked, found.clocks) == ([], None)
        return
    ((path, headers),) = registry.asked  # for its clock alone
    assert (path, "Authorization" in headers) == ("/v2/", False)
    assert found.clocks is not None
    assert found.clocks.here - found.clocks.there == pytest.approx(3600, abs=300), "a busy machine takes its time"


def test_an_unknown_authority(ca: Pair, tmp_path: Path) -> None:
    other = make("CA", sign=True)
    alone = make("alone", names=HERE)
    middle = make("middle", issuer=ca, sign=True)
    for chain in ((server(other), other), (server(other),), (alone,), (server(middle),)):
        with RegistryStandIn(tmp_path, *chain) as registry:
            found = shake(Target(registry.host), DIRECT)
        assert (found.outcome, found.chain) == ("unknown authority", tuple(each.der for each in chain)[:SHOWN])


def test_an_intermediate_ca_in_the_store_is_enough(ca: Pair, tmp_path: Path, store: Path) -> None:
    middle = make("middle", issuer=ca)  # without keyUsage, which Python 3.13 by itself would refuse
    store.write_text(middle.pem)
    with RegistryStandIn(tmp_path, server(middle)) as registry:
        assert shake(Target(registry.host), DIRECT).outcome == "trusted"


@pytest.mark.parametrize("is_ca", [None, False])
def test_a_server_s_own_certificate_in_the_store_is_trust_for_itself(
    is_ca: bool | None, tmp_path: Path, store: Path
) -> None:
    own = make("alone", names=HERE, ca=is_ca)
    store.write_text(own.pem)
    for certificate, outcome in ((own, "trusted"), (make("alone", names=HERE, ca=is_ca), "unknown authority")):
        with RegistryStandIn(tmp_path, certificate) as registry:
            assert shake(Target(registry.host), DIRECT).outcome == outcome


def test_an_insecure_registry_shows_its_chain_all_the_same(tmp_path: Path) -> None:
    own = make("alone", names=("other.example",))
    with RegistryStandIn(tmp_path, own) as registry:
        found = shake(Target(registry.host, insecure=True), DIRECT)
    assert (found.outcome, found.chain) == ("trusted", (own.der,))


def test_a_registry_without_tls(tmp_path: Path) -> None:
    with RegistryStandIn(tmp_path) as registry:
        found = shake(Target(registry.host), DIRECT)
        assert (found.outcome, found.words, found.chain) == ("no TLS", "the server speaks HTTP without TLS", ())
        assert shake(Target(registry.host), DIRECT, authorization="Basic c2VjcmV0").outcome == "no TLS"
        assert [headers for _path, headers in registry.asked if "Authorization" in headers] == []
        asked = shake(Target(registry.host, http=True), DIRECT)
        assert (asked.outcome, asked.words) == ("trusted", "HTTP 401 Unauthorized")


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_registry_that_wants_a_certificate_of_its_clients(
    newest: ssl.TLSVersion, ca: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients, others = make("clients", sign=True), make("others", sign=True)
    with RegistryStandIn(tmp_path, server(ca), clients=clients, newest=newest) as registry:
        folder = tmp_path / "certs.d" / registry.host
        folder.mkdir(parents=True)
        monkeypatch.setattr(certs_d, "path", lambda host, name: str(tmp_path / "certs.d" / host / name))
        target = Target(registry.host, has_pair=True)
        outcomes = [shake(target, DIRECT).outcome]
        for issuer in (others, clients):
            pair = make("ci", ca=False, issuer=issuer)
            (folder / "client.cert").write_text(pair.pem)
            (folder / "client.key").write_text(pair.key_pem)
            outcomes.append(shake(target, DIRECT).outcome)
        outcomes.append(shake(Target(registry.host), DIRECT).outcome)
    wanted = "client certificate wanted"
    assert outcomes == [wanted, wanted, "trusted", wanted]


@contextmanager
def port(*, listens: bool) -> Iterator[str]:
    """A port that nobody listens on, or one whose owner never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if listens:
            taken.listen()
        yield f"localhost:{taken.getsockname()[1]}"


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize(("listens", "told"), [(False, "Connection refused"), (True, "timed out")])
def test_nobody_answers(listens: bool, told: str, http: bool) -> None:
    with port(listens=listens) as host:
        found = shake(Target(host, http=http), DIRECT, timeout=0.2 if listens else 60)
    assert (found.outcome, found.chain) == ("no answer", ())
    assert found.words == f"localhost port {host.partition(':')[2]}: {told}"


def test_a_name_that_nobody_knows() -> None:
    found = shake(Target("registry.invalid"), DIRECT)
    assert found.outcome == "no answer"
    assert found.words.startswith("the name registry.invalid cannot be resolved: ")


def test_the_way_through_a_proxy(tmp_path: Path) -> None:
    """As the proxy refuses, its words are told; its password is not."""
    with RegistryStandIn(tmp_path) as proxy:
        url = f"http://{proxy.host}"
        found = shake(Target("registry.invalid"), Proxy(https=url, username="ci", password="s3cret:/"))
        assert (found.outcome, found.words) == (
            "no answer",
            "registry.invalid port 443: Tunnel connection failed: 403 Forbidden",
        )
        path, headers = proxy.asked.pop()
        assert (path, headers["Proxy-Authorization"]) == ("registry.invalid:443", "Basic Y2k6czNjcmV0Oi8=")
        assert shake(Target("registry.invalid", http=True), Proxy(http=url)).outcome == "trusted"
        assert proxy.asked.pop()[0] == "http://registry.invalid/v2/"
