"""The lab's Harbor answers as Harbor does: tokens, refusals, and each fault that tests may choose."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.certificates import CA
from lab.settings import BASIC_NAME, BASIC_PORT, HARBOR_NAME, HARBOR_PORT, REGISTRY_PASSWORD, ROBOT, TOKEN_NAME
from lab.standins.token_service import Faults
from lab.topology import HOSTS
from tests.hosts import own_registry
from tests.hosts.lab import on
from tests.hosts.own_registry import LOGIN, NAME, NOBODY, PORT, TOKEN_HOST, TOKEN_PORT, Token, authority

ADDRESS = str(next(host.address for host in HOSTS if host.is_registry))
SERVICE = "/service/token?service=harbor-registry"
MANIFEST = "/v2/proof/a/manifests/none"
PULL = "repository:proof/a:pull"
BLOB = b"kept"
DIGEST = "sha256:" + hashlib.sha256(BLOB).hexdigest()
# What has one of the words that are given, in lines.
SEARCH = """
cat > /dev/shm/words
grep -rslF -f /dev/shm/words /etc /run /var /tmp --exclude-dir=journal || true
! journalctl --no-pager | grep -qF -f /dev/shm/words || echo journal
! cat /proc/[0-9]*/cmdline | grep -qaF -f /dev/shm/words || echo arguments
rm /dev/shm/words
"""
HARBOR_CHALLENGE = f'Bearer realm="https://{NAME}:{PORT}/service/token",service="harbor-registry"'


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


OURS = basic(**{"name": LOGIN["username"], "password": LOGIN["password"]})
ROBOTS = basic(ROBOT, REGISTRY_PASSWORD.read_text().strip())


class Connection(http.client.HTTPSConnection):
    """This machine does not ask the lab's name server, so it goes to the address, under the name."""

    def connect(self) -> None:
        plain = socket.create_connection((ADDRESS, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Answer:
    status: int
    challenge: str
    body: bytes
    location: str


@dataclass(frozen=True)
class Server:
    """A server of the registry host: its name and port, and the CA of its certificate."""

    name: str
    port: int
    ca: str

    def ask(self, path: str, authorization: str = "", *, method: str = "GET", body: bytes | None = None) -> Answer:
        connection = Connection(self.name, self.port, context=ssl.create_default_context(cadata=self.ca), timeout=60)
        try:
            connection.request(method, path, body, {"Authorization": authorization} if authorization else {})
            answer = connection.getresponse()
            head = answer.headers
            return Answer(answer.status, head.get("Www-Authenticate", ""), answer.read(), head.get("Location", ""))
        finally:
            connection.close()

    def token(self, scope: str, authorization: str = "") -> str:
        """A token, as a value of the header Authorization."""
        answer = self.ask(f"{SERVICE}&scope={scope}", authorization)
        assert answer.status == 200, answer
        return f"Bearer {json.loads(answer.body)['token']}"

    def push(self, authorization: str) -> int:
        """The status with which BLOB is taken, or its upload refused."""
        begun = self.ask("/v2/proof/a/blobs/uploads/", authorization, method="POST")
        if begun.status != 202:
            return begun.status
        assert begun.location.startswith(f"https://{self.name}"), begun.location
        path = "/" + begun.location.split("/", 3)[3]
        return self.ask(f"{path}&digest={DIGEST}", authorization, method="PUT", body=BLOB).status

    def pull(self, authorization: str) -> int:
        """The status with which BLOB is given."""
        return self.ask(f"/v2/proof/a/blobs/{DIGEST}", authorization).status


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A registry with tokens; each test that chooses a fault leaves it without any."""
    ca = authority("a CA")
    own_registry.serve(ca, token=Token())
    yield Server(NAME, PORT, ca.pem)
    own_registry.stop()


def test_the_harbor_of_the_lab_gives_a_robot_tokens_and_strangers_nothing() -> None:
    harbor = Server(HARBOR_NAME, HARBOR_PORT, CA.read_text())
    challenge = f'Bearer realm="https://{HARBOR_NAME}/service/token",service="harbor-registry"'
    assert harbor.ask("/v2/").challenge == challenge
    assert harbor.ask(MANIFEST).challenge == f'{challenge},scope="{PULL}"'
    token = harbor.token(PULL, ROBOTS)
    assert harbor.push(token) == 201
    assert harbor.pull(token) == 200
    assert harbor.pull(ROBOTS) == 200, "Harbor takes basic credentials, too"
    assert json.loads(harbor.ask(MANIFEST, token).body)["errors"][0]["code"] == "MANIFEST_UNKNOWN"
    stranger = harbor.token(PULL)
    assert (harbor.pull(stranger), harbor.push(stranger)) == (401, 401)
    assert harbor.ask(MANIFEST, stranger).challenge == 'Basic realm="harbor"'


def test_the_other_private_registry_has_basic_authentication() -> None:
    registry = Server(BASIC_NAME, BASIC_PORT, CA.read_text())
    assert registry.ask("/v2/").challenge == f'Basic realm="{BASIC_NAME}"'
    assert [registry.ask("/v2/", each).status for each in (ROBOTS, basic(ROBOT, "wrong"))] == [200, 401]


def test_a_login_is_proven_by_the_token_endpoint(own: Server) -> None:
    wrong = basic(LOGIN["username"], "wrong")
    assert [own.ask(SERVICE, each).status for each in (OURS, wrong, "")] == [200, 401, 401]
    assert own.pull(own.token(PULL, wrong)) == 401, "wrong credentials are none"
    assert own.ask(SERVICE, OURS, method="POST", body=b"grant_type=password").status == 405
    assert own.ask("/service/token", OURS).status == 400


def test_the_password_is_in_no_file_journal_or_argument(own: Server) -> None:
    own.ask(SERVICE, OURS)
    own.ask(MANIFEST, OURS)
    assert on("registry", SEARCH, f"{LOGIN['password']}\n{OURS.split()[1]}\n") == ""


@pytest.mark.parametrize(
    ("faults", "token", "pulls", "pushes"),
    [
        pytest.param(Faults(), 200, 200, 201, id="none"),
        pytest.param(Faults(actions=("pull",)), 200, 200, 401, id="a robot that may not push"),
        pytest.param(Faults(valid_in=-86400), 200, 401, 401, id="a token of yesterday"),
        pytest.param(Faults(valid_in=86400), 200, 401, 401, id="a token of tomorrow"),
        pytest.param(Faults(token_status=500), 500, None, None, id="the core fails"),
        pytest.param(Faults(token_status=502), 502, None, None, id="the core is down for tokens alone"),
        pytest.param(Faults(token_status=401), 401, None, None, id="no tokens"),
        pytest.param(Faults(core_down=True), 502, None, None, id="the core is down"),
    ],
)
def test_each_fault_is_there_from_the_next_request_on(
    own: Server, faults: Faults, token: int, pulls: int | None, pushes: int | None
) -> None:
    assert own.push(own.token(PULL, OURS)) == 201
    own_registry.fail(faults)
    try:
        answer = own.ask(f"{SERVICE}&scope={PULL}", OURS)
        assert answer.status == token
        if token == 502:
            assert b"<center><h1>502 Bad Gateway</h1></center>" in answer.body
        if token == 200:
            bearer = f"Bearer {json.loads(answer.body)['token']}"
            assert (own.pull(bearer), own.push(bearer)) == (pulls, pushes)
        assert own.ask("/v2/").status == (502 if faults.core_down else 401)
    finally:
        own_registry.fail(Faults())


def test_strangers_get_no_token_if_that_is_chosen(own: Server) -> None:
    own_registry.fail(Faults(anonymous=False))
    try:
        assert own.ask(f"{SERVICE}&scope={PULL}").status == 401
        assert own.ask(f"{SERVICE}&scope={PULL}", OURS).status == 200
    finally:
        own_registry.fail(Faults())


def test_a_realm_where_nobody_listens(own: Server) -> None:
    own_registry.fail(Faults(realm=NOBODY))
    try:
        assert own.ask("/v2/").challenge == f'Bearer realm="{NOBODY}",service="harbor-registry"'
        with pytest.raises(ConnectionRefusedError):
            Server(TOKEN_NAME, int(NOBODY.split("/")[2].rpartition(":")[2]), own.ca).ask(SERVICE)
    finally:
        own_registry.fail(Faults())


def test_a_token_endpoint_elsewhere_and_what_stays_when_all_is_changed(own: Server) -> None:
    assert own.ask("/v2/").challenge == HARBOR_CHALLENGE
    assert own.push(own.token(PULL, OURS)) == 201
    cas = authority("another CA"), authority("the CA of tokens")
    own_registry.serve(cas[0], token=Token(cas[1]))
    registry, tokens = Server(NAME, PORT, cas[0].pem), Server(TOKEN_NAME, TOKEN_PORT, cas[1].pem)
    try:
        realm = f'Bearer realm="https://{TOKEN_HOST}/service/token"'
        assert registry.ask("/v2/").challenge == f'{realm},service="harbor-registry"'
        assert registry.pull(tokens.token(PULL, OURS)) == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            Server(TOKEN_NAME, TOKEN_PORT, cas[0].pem).ask(SERVICE)
        own_registry.serve(cas[0])
        assert registry.pull("") == 200, "without a Token it is open to everybody"
    finally:
        own_registry.serve(cas[0], token=Token())
