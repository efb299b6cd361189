# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins are tried as docker would make them, at real servers on loopback; secrets are in no words."""

from __future__ import annotations

import base64
import collections.abc
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.credential_helper import Credentials
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import logins, outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Target
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import (
    LOGIN,
    TokenStandIn,
    basic,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

DIRECT = Proxy()
CA = make("CA", sign=True)
SERVER = make("server", ca=False, issuer=CA, names=("localhost",))
RIGHT, WRONG = Credentials(*LOGIN), Credentials(LOGIN[0], "another-s3cret")
AUTH = "Authorization"

Programs = t.Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's trust store has CA alone."""
    (tmp_path / "store.crt").write_text(CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.crt"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))


@pytest.fixture
def registry(tmp_path: Path) -> collections.abc.Iterator[TokenStandIn]:
    with TokenStandIn(tmp_path / "registry", SERVER) as running:
        yield running


def test_a_right_login_as_docker_login_makes_it(registry: TokenStandIn) -> None:
    found = logins.prove(Target(registry.host), RIGHT, DIRECT)
    assert (found.outcome, found.at) == ("logged in", registry.host)
    assert found.words == f"robot$ci: https://{registry.host}/v2/ answered 200 OK"
    hello, token, proof = registry.asked
    assert (hello[0], AUTH in hello[1]) == ("/v2/", False)
    assert token[0] == "/service/token?service=harbor-registry&account=robot%24ci"
    assert token[1][AUTH] == basic(*LOGIN)
    assert (proof[0], proof[1][AUTH].split()[0]) == ("/v2/", "Bearer")


def test_a_right_login_by_password(registry: TokenStandIn) -> None:
    registry.scheme = "Basic"
    assert logins.prove(Target(registry.host), RIGHT, DIRECT).outcome == "logged in"
    assert [(path, headers.get(AUTH, "")) for path, headers in registry.asked] == [
        ("/v2/", ""),
        ("/v2/", basic(*LOGIN)),
    ]


AT, HERE = "token endpoint https://{host}/service/token", "https://{host}/v2/"


@pytest.mark.parametrize(
    ("credentials", "faults", "outcome", "words"),
    [
        pytest.param(WRONG, {}, "login refused", f"{AT} answered 401 Unauthorized", id="a wrong password"),
        pytest.param(
            WRONG,
            {"scheme": "Basic"},
            "login refused",
            f"{HERE} answered 401 Unauthorized",
            id="a wrong one, without tokens",
        ),
        pytest.param(RIGHT, {"token_status": 403}, "forbidden", f"{AT} answered 403 Forbidden", id="403"),
        pytest.param(RIGHT, {"token_status": 404}, "other", f"{AT} answered 404 Not Found", id="404"),
        pytest.param(
            RIGHT, {"token_status": 500}, "server error", f"{AT} answered 500 Internal Server Error", id="500"
        ),
        pytest.param(RIGHT, {"token_status": 502}, "server error", f"{AT} answered 502 Bad Gateway", id="502"),
        pytest.param(RIGHT, {"token": ""}, "other", f"{AT} answered 200 OK, without a token", id="no token"),
        pytest.param(
            RIGHT, {"token": "a\r\nb"}, "other", f"{AT} answered 200 OK, without a token", id="none that can be sent"
        ),
        pytest.param(RIGHT, {"token": "opaque"}, "token not valid", f"{HERE} rejects the token of {AT}", id="opaque"),
    ],
)
def test_what_comes_of_a_login(
    credentials: Credentials, faults: dict[str, t.Any], outcome: str, words: str, registry: TokenStandIn
) -> None:
    vars(registry).update(faults)
    found = logins.prove(Target(registry.host), credentials, DIRECT)
    assert (found.outcome, found.words) == (outcome, f"robot$ci: {words.format(host=registry.host)}")
    assert bool(found.about) is words.startswith(AT)
    assert (found.about == outcomes.NO_ENDPOINT) is (faults.get("token_status") == 404)
    for secret in (credentials.secret, basic(*credentials).partition(" ")[2], "opaque"):
        assert secret not in repr(found)


@pytest.mark.parametrize("error", ["", "invalid_token"])
def test_a_token_of_tomorrow(error: str, registry: TokenStandIn) -> None:
    registry.valid_in, registry.error, registry.ahead = 86400, error, 1800
    found = logins.prove(Target(registry.host), RIGHT, DIRECT)
    assert (found.outcome, found.at) == ("token not valid", registry.host)
    assert ", which is valid from " in found.words
    assert "; its own clock shows " in found.words
    clocks = found.clocks[registry.host]
    assert clocks.there - clocks.here == pytest.approx(1800, abs=300), "a busy machine takes its time"


@pytest.mark.parametrize(
    ("insecure", "outcome"),
    [
        pytest.param(False, "unknown authority", id="not trusted"),
        pytest.param(True, "logged in", id="as the table says"),
    ],
)
def test_a_login_is_sent_to_nobody_who_is_not_trusted(insecure: bool, outcome: str, tmp_path: Path) -> None:
    with TokenStandIn(tmp_path / "stranger", make("stranger", names=("localhost",))) as stranger:
        assert logins.prove(Target(stranger.host, insecure=insecure), RIGHT, DIRECT).outcome == outcome
        assert any(AUTH in headers for _path, headers in stranger.asked) == (outcome == "logged in")


def test_an_endpoint_elsewhere_gets_the_login_only_if_it_is_trusted(registry: TokenStandIn, tmp_path: Path) -> None:
    for certificate, outcome in ((SERVER, "logged in"), (make("x", names=("localhost",)), "unknown authority")):
        with TokenStandIn(tmp_path / "auth", certificate) as auth:
            registry.realm = f"https://{auth.host}/service/token"
            found = logins.prove(Target(registry.host, insecure=True), RIGHT, DIRECT)
            assert (found.outcome, found.at) == (outcome, registry.host if outcome == "logged in" else auth.host)
            assert any(AUTH in headers for _path, headers in auth.asked) == (outcome == "logged in")
    assert found.words.startswith(f"token endpoint {registry.realm}: ")


def test_without_tls_where_the_table_says_so(tmp_path: Path) -> None:
    with TokenStandIn(tmp_path / "plain") as plain:
        assert logins.prove(Target(plain.host, http=True), RIGHT, DIRECT).outcome == "logged in"
        assert logins.prove(Target(plain.host), RIGHT, DIRECT).outcome == "no TLS"


def test_an_endpoint_without_tls_gets_no_login_unless_the_table_says_so(registry: TokenStandIn, tmp_path: Path) -> None:
    with TokenStandIn(tmp_path / "plain") as plain:
        registry.realm = f"http://{plain.host}/service/token"
        found = logins.prove(Target(registry.host), RIGHT, DIRECT)
        assert (found.outcome, found.at) == ("other", plain.host)
        assert found.words == f"token endpoint {registry.realm} has no TLS, so the password was not sent there"
        assert (found.about, plain.asked) == (outcomes.PLAIN_ENDPOINT, [])
        assert logins.prove(Target(registry.host), RIGHT, DIRECT, without_tls=[plain.host]).outcome == "logged in"


@pytest.mark.parametrize(
    ("status", "scheme", "outcome", "words"),
    [
        pytest.param(200, "", "trusted", "HTTP 200 OK", id="no login is wanted"),
        pytest.param(404, "", "other", f"{HERE} answered 404 Not Found", id="no registry"),
        pytest.param(
            401,
            "",
            "other",
            f"{HERE} answered 401 Unauthorized, and offers no login method that docker supports",
            id="another scheme",
        ),
        pytest.param(502, "", "server error", "HTTP 502 Bad Gateway: <html>nginx</html>", id="the registry is down"),
    ],
)
def test_where_no_login_can_be_tried(
    status: int, scheme: str, outcome: str, words: str, registry: TokenStandIn
) -> None:
    registry.registry_status, registry.scheme = status, scheme
    found = logins.prove(Target(registry.host), RIGHT, DIRECT)
    assert (found.outcome, found.words) == (outcome, words.format(host=registry.host))
    assert len(registry.asked) == 1


def test_a_registry_that_fails_after_the_token_was_given(
    registry: TokenStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as that, not as a login that is refused."""
    give = registry._give

    def give_and_fail(query: dict[str, list[str]], authorization: str) -> t.Any:
        registry.registry_status = 503
        return give(query, authorization)

    monkeypatch.setattr(registry, "_give", give_and_fail)
    found = logins.prove(Target(registry.host), RIGHT, DIRECT)
    assert (found.outcome, found.at) == ("server error", registry.host)
    assert found.words == f"robot$ci: https://{registry.host}/v2/ answered 503 Service Unavailable"


def test_an_endpoint_behind_a_proxy_that_does_not_speak_http(registry: TokenStandIn) -> None:
    registry.realm = "https://auth.invalid/token"
    proxy = Proxy(https="socks5://p:1", no_proxy=("localhost",))
    found = logins.prove(Target(registry.host), RIGHT, proxy)
    assert (found.outcome, found.at) == ("other", "auth.invalid")
    assert found.words == "token endpoint https://auth.invalid/token was not tested: its proxy does not speak HTTP"


def test_what_a_token_may(registry: TokenStandIn) -> None:
    registry.actions = ["pull"]
    found = logins.prove(Target(registry.host), RIGHT, DIRECT, scope="repository:ci/app:pull,push")
    assert (found.outcome, found.claims.access) == ("logged in", {"ci/app": frozenset(["pull"])})


HOST = "harbor.example.com"
TABLE = Registry(HOST, username=LOGIN[0], password=LOGIN[1])
TOKEN = base64.b64encode(":".join(LOGIN).encode()).decode()
THEIRS = base64.b64encode(b"jane:theirs").decode()
OLD = base64.b64encode(f"{LOGIN[0]}:old".encode()).decode()
ANSWER = json.dumps({"ServerURL": HOST, "Username": LOGIN[0], "Secret": LOGIN[1]})


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        pytest.param({"auths": {HOST: {"auth": TOKEN}}}, RIGHT, id="ours"),
        pytest.param(
            {"auths": {HOST: {"auth": THEIRS}}},
            f"config.json of ci has another login for {HOST} than builder_registries, of jane",
            id="somebody else's",
        ),
        pytest.param(
            {"auths": {HOST: {"auth": OLD}}},
            f"config.json of ci has another login for {HOST} than builder_registries",
            id="an old password",
        ),
        pytest.param({}, f"config.json of ci has no login with a password for {HOST}", id="none"),
        pytest.param(
            {"auths": {HOST: {"auth": TOKEN, "identitytoken": "x"}}},
            f"config.json of ci has no login with a password for {HOST}",
            id="one that docker login made of it",
        ),
        pytest.param({"credsStore": "full"}, RIGHT, id="a helper has it"),
        pytest.param(
            {"credsStore": "empty", "auths": {HOST: {"auth": TOKEN}}},
            f"docker-credential-empty of ci has no login with a password for {HOST}",
            id="a helper lost it, and docker asks nobody else",
        ),
        pytest.param(
            {"credHelpers": {HOST: "locked"}},
            f"docker-credential-locked of ci does not tell the login of {HOST}: the store is locked",
            id="a helper does not tell",
        ),
    ],
)
def test_what_is_tried_is_what_docker_would_send(
    config: dict[str, t.Any], kept: Credentials | str, homes: Path, programs: Programs
) -> None:
    programs("docker-credential-full", f"echo '{ANSWER}'")
    programs("docker-credential-empty", "echo credentials not found in native keychain; exit 1")
    programs("docker-credential-locked", "echo the store is locked; exit 1")
    (homes / "ci/.docker").mkdir()
    (homes / "ci/.docker/config.json").write_text(json.dumps(config))
    assert logins.kept_for("ci", TABLE) == kept


def test_docker_hub_by_its_own_key(homes: Path) -> None:
    (homes / "ci/.docker").mkdir()
    (homes / "ci/.docker/config.json").write_text(
        json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": TOKEN}}})
    )
    assert logins.kept_for("ci", Registry("docker.io", username=LOGIN[0], password=LOGIN[1])) == RIGHT


def test_a_config_that_nobody_can_read_is_told(homes: Path) -> None:
    (homes / "ci/.docker").mkdir()
    (homes / "ci/.docker/config.json").write_text("{")
    kept = logins.kept_for("ci", TABLE)
    assert isinstance(kept, str)
    assert "config.json" in kept
