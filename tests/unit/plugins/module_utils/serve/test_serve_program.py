# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that lets clients with certificates use a builder: real TLS on loopback, a real socket behind it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import select
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import AUTHORITIES, SERVER
from ansible_collections.multiarch.builders.plugins.module_utils.serve import session
from ansible_collections.multiarch.builders.plugins.module_utils.serve.configuration import ConfigurationError, load
from ansible_collections.multiarch.builders.plugins.module_utils.serve.server import Limits, Server
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.serve.served import (
    CA,
    NAME,
    OTHER_CA,
    PATIENCE,
    TODAY,
    BuildKit,
    Program,
    client,
    echo,
    place,
    running,
    server,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

CI, JANE = client("ci"), client("jane")
LARGE = 8 * 1024**2
# Python 3.9 with OpenSSL 3 reads a connection that was cut as one that ended.
SEES_CUTS = sys.version_info >= (3, 10)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "multiarch-builders-serve"
    path.write_bytes(program.content(program.SERVE))
    return path


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: the path of a Unix socket has at most 107 characters."""
    with tempfile.TemporaryDirectory(prefix="serve-") as path:
        yield Path(path)


@pytest.fixture
def served(tmp_path: Path, file: Path) -> Iterator[Program]:
    """In front of what answers with what it gets, for two clients."""
    with running(tmp_path, file, ci=CI, jane=JANE) as found:
        yield found


def answer(connection: ssl.SSLSocket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size and (part := connection.recv(min(65536, size - len(found)))):
        found += part
    return bytes(found)


def exchange(connection: ssl.SSLSocket, data: bytes) -> bytes:
    """What comes back while *data* is sent, by one thread: before Python 3.13, two may not use an SSLSocket at once."""
    found, sent = bytearray(), 0
    connection.setblocking(False)
    while len(found) < len(data):
        events = select.POLLIN | (select.POLLOUT if sent < len(data) else 0)
        waiter = select.poll()
        waiter.register(connection, events)
        assert connection.pending() or waiter.poll(PATIENCE * 1000), f"{sent} bytes sent, {len(found)} received"
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent += connection.send(data[sent : sent + 65536]) if sent < len(data) else 0
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            found += connection.recv(65536)
    connection.settimeout(PATIENCE)
    return bytes(found)


def ended(connection: ssl.SSLSocket) -> str:
    """How the server ended it: "" properly, else what the client sees."""
    try:
        assert connection.recv(1) == b""
    except ssl.SSLZeroReturnError:  # as b"", where the client has ended, too
        pass
    except (ssl.SSLError, ConnectionError) as exc:
        return str(exc)
    return ""


def test_bytes_pass_both_ways_until_both_sides_have_ended(served: Program) -> None:
    sent = os.urandom(LARGE)
    connection = served.connect(CI)
    assert (connection.version(), connection.selected_alpn_protocol()) == ("TLSv1.3", "h2")
    assert exchange(connection, sent) == sent
    connection.unwrap().close()
    line = served.logs("disconnected: ci")
    assert line.startswith("<6>disconnected: ci (127.0.0.1:")
    assert f"sha256:{CI.fingerprint}) after " in line
    assert line.endswith(f"{LARGE} bytes received, {LARGE} sent")
    assert "<6>connected: ci (127.0.0.1:" in served.log


@pytest.mark.parametrize("ends", [False, True])
def test_what_comes_with_the_end_of_the_handshake_is_answered(served: Program, ends: bool, tmp_path: Path) -> None:
    context = ssl.create_default_context(cadata=CA.pem)
    (tmp_path / "pair").write_text(CI.key_pem + CI.pem)
    context.load_cert_chain(tmp_path / "pair")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=NAME)

    def until_done(action: Callable[[], bytes | None]) -> bytes | None:
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))

    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as plain:
        until_done(tls.do_handshake)
        tls.write(b"at once")
        if ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.unwrap()
        plain.sendall(outgoing.read())  # with the client's certificate, in one piece
        assert until_done(lambda: tls.read(64)) == b"at once"


def test_a_client_that_has_ended_still_gets_its_answer(tmp_path: Path, file: Path) -> None:
    def count(connection: socket.socket) -> None:
        size = 0
        while data := connection.recv(65536):
            size += len(data)
        connection.sendall(b"x" * size)

    with running(tmp_path, file, count, ci=CI) as served:
        connection = served.connect(CI)
        connection.sendall(b"y" * 100_000)
        ends = _ended_by_its_own_side(connection)
        assert answer(ends, 100_000) == b"x" * 100_000
        assert ended(ends) == ""


def _ended_by_its_own_side(connection: ssl.SSLSocket) -> ssl.SSLSocket:
    """After the client's farewell (close_notify), which Python sends only while it waits for the server's."""
    connection.setblocking(False)
    with pytest.raises(ssl.SSLWantReadError):
        connection.unwrap()
    connection.settimeout(PATIENCE)
    return connection


def test_a_server_that_has_ended_still_gets_what_the_client_sends(tmp_path: Path, file: Path) -> None:
    heard = bytearray()
    done = threading.Event()

    def hang_up(connection: socket.socket) -> None:
        connection.sendall(b"no more")
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(65536):
            heard.extend(data)
        done.set()

    with running(tmp_path, file, hang_up, ci=CI) as served:
        connection = served.connect(CI)
        assert answer(connection, 7) == b"no more"
        assert ended(connection) == ""
        connection.sendall(b"z" * 100_000)
        connection.unwrap()
        assert done.wait(PATIENCE)
        assert heard == b"z" * 100_000


def test_what_buildkit_said_last_arrives_though_it_is_gone(tmp_path: Path, file: Path) -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"w" * LARGE)

    with running(tmp_path, file, speak, ci=CI) as served:
        connection = served.connect(CI)
        time.sleep(0.2)  # for as long as nobody reads, what is sent waits in several places
        assert answer(connection, LARGE) == b"w" * LARGE
        assert ended(connection) == ""
        connection.close()
        served.logs("disconnected: ci")


def test_a_slow_client_is_waited_for_and_not_stored(tmp_path: Path, file: Path) -> None:
    sent = [0]

    def flood(connection: socket.socket) -> None:
        while sent[0] < 64 * 1024**2:
            sent[0] += connection.send(b"v" * 65536)

    with running(tmp_path, file, flood, ci=CI) as served:
        connection = served.connect(CI)
        answer(connection, 1)
        before = -1
        while sent[0] != before:  # until all that may wait, waits
            before = sent[0]
            time.sleep(0.3)
        assert sent[0] < 16 * 1024**2, "the kernel's own buffers, and little more"


@pytest.mark.parametrize(
    ("pair", "seen", "told"),
    [
        pytest.param(None, "CERTIFICATE_REQUIRED", "it has no client certificate", id="without a certificate"),
        pytest.param(
            client("ci", OTHER_CA),
            "UNKNOWN_CA",
            "its certificate is not accepted: unable to get local issuer certificate",
            id="of another CA",
        ),
        pytest.param(
            client("ci", end=TODAY - 1, start=TODAY - 9),
            "CERTIFICATE_EXPIRED",
            "its certificate is not accepted: certificate has expired",
            id="expired",
        ),
        pytest.param(
            server(),
            "UNSUPPORTED_CERTIFICATE",
            "its certificate is not accepted: unsuitable certificate purpose",
            id="that of a server",
        ),
        pytest.param(
            client("ci"), "", "its certificate is not in the table of clients (sha256:", id="not in the table"
        ),
    ],
)
def test_who_is_refused(served: Program, pair: Pair | None, seen: str, told: str) -> None:
    connection = served.connect(pair)  # with TLS 1.3 the client's part of the handshake is over first
    assert seen in ended(connection).replace(" ", "_").upper()
    assert served.logs("refused ").startswith("<4>refused 127.0.0.1:")
    assert told in served.log.replace("unsupported certificate purpose", "unsuitable certificate purpose")


def test_tls_1_2_and_what_is_not_tls_is_refused(served: Program) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        served.connect(CI, newest=ssl.TLSVersion.TLSv1_2)
    served.logs("it does not speak TLS 1.3")
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(64)
    served.logs("it does not speak TLS\n"[:-1])
    with socket.create_connection(("127.0.0.1", served.port)):
        pass
    served.logs("it closed the connection")


def test_a_reload_changes_certificate_and_table_and_the_connections_of_who_stays_go_on(
    served: Program, tmp_path: Path
) -> None:
    stays, goes = served.connect(CI), served.connect(JANE)
    for each in (stays, goes):
        each.sendall(b"hello")
        assert answer(each, 5) == b"hello"
    before = load(str(tmp_path)).digest
    renewed, both = client("ci"), CA.pem + OTHER_CA.pem
    place(tmp_path, shown := server(), {"ci": CI, "ci-next": renewed, "theirs": client("x", OTHER_CA)}, both)
    found = served.reload()
    assert found["files"] == load(str(tmp_path)).digest != before
    assert ended(goes) or not SEES_CUTS
    assert "its certificate is no longer in the table of clients" in served.logs("disconnected: jane")
    stays.sendall(b"still here")
    assert answer(stays, 10) == b"still here"
    for pair in (CI, renewed):
        new = served.connect(pair)
        assert new.getpeercert(binary_form=True) == shown.der
        new.sendall(b"new")
        assert answer(new, 3) == b"new"
    assert ended(served.connect(JANE)) or not SEES_CUTS
    assert served.logs("refused ").endswith(f"is not in the table of clients (sha256:{JANE.fingerprint})")


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        pytest.param(SERVER, "", f"{SERVER} is not a certificate with its key", id="no certificate"),
        pytest.param(SERVER, server().key_pem + server().pem, f"{SERVER} is not", id="another key"),
        pytest.param(AUTHORITIES, "none", f"{AUTHORITIES} has no usable certificates", id="no CA"),
        pytest.param("/etc/multiarch-builders-serve/clients.json", "[]", "is not a table of clients", id="no table"),
        pytest.param("/etc/multiarch-builders-serve/clients.json", None, "cannot be read", id="no file"),
    ],
)
def test_files_that_cannot_be_used_change_nothing(
    served: Program, tmp_path: Path, path: str, text: str | None, words: str
) -> None:
    place_ = tmp_path / path.lstrip("/")
    place_.unlink()
    if text is not None:
        place_.write_text(text)
    found = served.reload(error=words)
    assert found["files"] == ""
    assert "PRIVATE" not in served.log + str(found)
    connection = served.connect(CI)
    connection.sendall(b"as before")
    assert answer(connection, 9) == b"as before"


def test_it_says_what_it_runs_and_stops(served: Program, file: Path, tmp_path: Path) -> None:
    assert served.await_loaded(error="") == {
        "program": hashlib.sha256(file.read_bytes()).hexdigest(),
        "files": load(str(tmp_path)).digest,
        "error": "",
    }
    connection = served.connect(CI)
    connection.sendall(b"x")
    answer(connection, 1)
    assert served.stop() == 0
    assert "stops; 1 connections end" in served.log
    ended(connection)


def test_without_buildkit_the_client_is_told_nothing_and_the_journal_why(served: Program, tmp_path: Path) -> None:
    (tmp_path / "run/multiarch-builders-buildkit.sock").unlink()
    assert ended(served.connect(CI)) or not SEES_CUTS
    assert "BuildKit's socket" in served.logs("cannot be reached")


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[tuple[Server, socket.socket]]:
    """A server in this process, for two connections of a client, one handshake of an address, three in total."""
    place(tmp_path, server(), {"ci": CI, "jane": JANE})
    found = Server(load(str(tmp_path)), str(tmp_path / "b.sock"), Limits(3, 2, 2, 1))
    buildkit = BuildKit(tmp_path / "b.sock", echo)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield found, listener
        found.stop()
    buildkit.listener.close()


def test_limits(limited: tuple[Server, socket.socket], capfd: pytest.CaptureFixture[str]) -> None:
    found, listener = limited
    client_ = Program.__new__(Program)  # of which only the client's half is used
    client_.port = listener.getsockname()[1]
    log = ""

    def logs(words: str) -> None:
        nonlocal log
        end = time.monotonic() + PATIENCE
        while words not in log:
            assert time.monotonic() < end, f"{words} is not in: {log}"
            time.sleep(0.01)
            log += capfd.readouterr().err

    def connect(pair: Pair) -> ssl.SSLSocket:
        thread = threading.Thread(target=found.accept, args=(listener,))
        thread.start()
        connection = client_.connect(pair)
        thread.join()
        return connection

    def refused() -> None:
        with socket.create_connection(("127.0.0.1", client_.port), PATIENCE) as plain:
            found.accept(listener)
            assert plain.recv(1) == b""

    first = []
    for _each in range(2):
        first.append(connect(CI))
        first[-1].sendall(b"x")
        assert answer(first[-1], 1) == b"x"  # the server has ended its handshake, too: there may be one at a time
    ended(connect(CI))
    logs("ci has 2 connections")
    await_count(found, 2)
    with socket.create_connection(("127.0.0.1", client_.port)):
        found.accept(listener)
        refused()
        logs("there are 3 connections")
        first[0].unwrap().close()
        logs("disconnected")
        await_count(found, 2)
        refused()
        logs("1 others of its address have not finished their handshake")


def await_count(found: Server, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(found._sessions) > count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_is_refused_counts_until_the_connection_is_closed(
    limited: tuple[Server, socket.socket], capfd: pytest.CaptureFixture[str]
) -> None:
    found, listener = limited
    with socket.create_connection(listener.getsockname()[:2], PATIENCE) as stranger:
        found.accept(listener)
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert stranger.recv(1) == b""
        assert len(found._sessions) == 1
    await_count(found, 0)
    assert "does not speak TLS" in capfd.readouterr().err


def test_without_descriptors_one_client_is_refused_and_the_program_goes_on(
    limited: tuple[Server, socket.socket], capfd: pytest.CaptureFixture[str]
) -> None:
    found, listener = limited
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_connection(listener.getsockname()[:2], PATIENCE) as plain:
        free = os.dup(listener.fileno())
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, hard))  # one for the connection, none for BuildKit
        try:
            found.accept(listener)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert plain.recv(1) == b""
    assert "Too many open files" in capfd.readouterr().err


def test_a_handshake_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "HANDSHAKE", 0.2)
    place(tmp_path, server(), {"ci": CI})
    found = Server(load(str(tmp_path)), str(tmp_path / "b.sock"))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()[:2], PATIENCE) as silent,
    ):
        found.accept(listener)
        assert silent.recv(1) == b""


def test_a_key_with_a_passphrase_is_not_asked_for(tmp_path: Path) -> None:
    shown = make("x", ca=False)
    place(tmp_path, shown, {})
    path = tmp_path / SERVER.lstrip("/")
    path.write_text(shown.key_bytes(password=b"secret").decode() + shown.pem)
    with pytest.raises(ConfigurationError, match="is not a certificate with its key: the key is encrypted"):
        load(str(tmp_path))
