# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA from Harbor's API. The other side is a stand-in of Harbor's API, a real TLS server on loopback."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.harbor import LARGEST, address, authority, fetch
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.harbor_stand_in import Answer, HarborStandIn
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make("CA")
NEXT = make("next CA")
LEAF = make("server", ca=False, issuer=CA)
HOST = "harbor.example.com:8443"


def test_where_it_is() -> None:
    assert address(HOST) == "https://harbor.example.com:8443/api/v2.0/systeminfo/getcert"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(CA.pem.encode(), id="one"),
        pytest.param(CA.pem.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(CA.der, id="DER"),
        pytest.param((NEXT.pem + CA.pem).encode(), id="two: the other one is not trusted"),
        pytest.param((LEAF.pem + CA.pem).encode(), id="with the server's own"),
    ],
)
def test_the_one_certificate_with_the_fingerprint_is_taken(answer: bytes) -> None:
    assert authority(HOST, CA.fingerprint, {HOST: answer}.__getitem__) == CA.pem.encode()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            NEXT.pem.encode(),
            f"returned no certificate with sha256:{CA.fingerprint}: CN=next CA has sha256:{NEXT.fingerprint}",
            id="another: both fingerprints are told",
        ),
        pytest.param(b"<html>log in</html>", "getcert is not a certificate (19 bytes cannot", id="a web page"),
        pytest.param(b"", "getcert is not a certificate (0 bytes cannot", id="nothing"),
        pytest.param((CA.pem + CA.key_pem).encode(), "getcert contains a private key", id="with its key"),
    ],
)
def test_any_other_answer_is_refused_and_not_shown(answer: bytes, told: str) -> None:
    with pytest.raises(CertificateError) as caught:
        authority(HOST, CA.fingerprint, lambda _host: answer)
    assert told in str(caught.value)
    assert caught.value.remedy
    assert not any(line in str(caught.value) for line in [*CA.key_pem.splitlines()[1:-1], "log in"])


@pytest.fixture
def harbor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HarborStandIn]:
    """A stand-in, reached without a proxy."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with HarborStandIn(tmp_path, CA) as stand_in:
        yield stand_in


def test_it_is_asked_over_tls_that_nobody_vouches_for_and_without_any_login(
    harbor: HarborStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert fetch(harbor.host) == CA.pem.encode()
    ((path, headers),) = harbor.asked
    assert path == "/api/v2.0/systeminfo/getcert"
    assert {name.lower() for name in headers} <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


@pytest.mark.parametrize(
    ("answer", "told", "remedy"),
    [
        pytest.param(
            Answer(404), "answers 404: Harbor offers no CA", "ca_download, or set `ca` to the CA's file", id="404"
        ),
        pytest.param(Answer(500), "answers 500", "Harbor's log", id="500: Harbor may not read its file"),
        pytest.param(Answer(401), "answers 401", "`ca`", id="401"),
        pytest.param(Answer(body=b"x" * (LARGEST + 1)), f"returned more than {LARGEST}", "is a Harbor", id="too large"),
    ],
)
def test_what_is_no_answer(harbor: HarborStandIn, answer: Answer, told: str, remedy: str) -> None:
    harbor.answer = answer
    with pytest.raises(CertificateError) as caught:
        fetch(harbor.host)
    assert str(caught.value).startswith(f"{address(harbor.host)} {told}")
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://{host}/other", "https://elsewhere.example.com/", "http://[", "file:///x"])
def test_no_redirect_is_followed(harbor: HarborStandIn, status: int, target: str) -> None:
    harbor.answer = Answer(status, headers={"Location": target.format(host=harbor.host)})
    with pytest.raises(CertificateError, match=f"answers {status}, a redirect, which is not followed"):
        fetch(harbor.host)
    assert len(harbor.asked) == 1


def test_the_largest_answer_is_taken(harbor: HarborStandIn) -> None:
    harbor.answer = Answer(body=b"x" * LARGEST)
    assert len(fetch(harbor.host)) == LARGEST


def test_an_answer_that_never_ends_is_given_up(harbor: HarborStandIn) -> None:
    harbor.answer = Answer(slow=True)
    with pytest.raises(CertificateError, match="cannot be fetched: timed out"):
        fetch(harbor.host, seconds=0.2)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CertificateError, match="cannot be fetched: Connection refused") as caught:
        fetch(f"127.0.0.1:{port}")
    assert "or set `ca` to the CA's file" in caught.value.remedy


def test_the_proxy_is_that_of_the_environment(harbor: HarborStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")
    with pytest.raises(CertificateError, match="cannot be fetched: Connection refused"):
        fetch(harbor.host)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetch(harbor.host) == CA.pem.encode()


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(CertificateError, match="cannot be fetched: Name or service not known"):
        fetch("harbor.example.com")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(None, "timed out", id="silence"),
        pytest.param(b"HTTP/1.0 400 Bad Request\r\n\r\n", "wrong version number|record layer failure", id="no TLS"),
        pytest.param(b"", "reset|EOF|closed", id="hangs up"),
    ],
)
def test_who_listens_speaks_no_tls(said: bytes | None, reason: str) -> None:
    done = threading.Event()

    def serve(server: socket.socket) -> None:
        connection, _address = server.accept()
        with connection:
            if said is not None:
                connection.sendall(said)
            else:
                done.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            with pytest.raises(CertificateError, match=f"(?i)cannot be fetched: .*({reason})"):
                fetch(f"127.0.0.1:{server.getsockname()[1]}", seconds=0.2)
        finally:
            done.set()
            thread.join()
