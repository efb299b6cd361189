"""The stand-in for Harbor's core: who is who, what a token gives, and what is said without a right one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab import certificates
from lab.standins.token_service import (
    Faults,
    Settings,
    access_of,
    hashed,
    needed,
    refusal,
    settings_of,
    signed,
    unsigned,
    user_of,
)

ROBOT, PASSWORD = "robot$ci", "right: with a colon"
USERS = {ROBOT: hashed(PASSWORD)}
REALM = "https://harbor.lab.test/service/token"
BEARER = f'Bearer realm="{REALM}",service="harbor-registry"'
BASIC = 'Basic realm="harbor"'


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "user"),
    [
        pytest.param(basic(ROBOT, PASSWORD), ROBOT, id="right"),
        pytest.param(basic(ROBOT, PASSWORD).replace("Basic", "basic"), ROBOT, id="a scheme has no case"),
        pytest.param(basic(ROBOT, "wrong"), "", id="wrong password"),
        pytest.param(basic(ROBOT, ""), "", id="no password"),
        pytest.param(basic("somebody", PASSWORD), "", id="unknown user"),
        pytest.param(basic("", ""), "", id="nobody"),
        pytest.param("", "", id="no header"),
        pytest.param("Basic not:base64", "", id="damaged"),
        pytest.param("Basic " + base64.b64encode(b"\xff\xfe").decode(), "", id="no text"),
        pytest.param("Bearer abc", "", id="a token is for the registry"),
    ],
)
def test_the_user_is_who_has_the_right_password(authorization: str, user: str) -> None:
    assert user_of(authorization, USERS) == user


def test_the_settings_hold_no_password() -> None:
    assert PASSWORD not in USERS[ROBOT]
    assert hashed(PASSWORD) != hashed(PASSWORD), "each has a salt"


@pytest.mark.parametrize(
    ("scopes", "allowed", "access"),
    [
        pytest.param(["repository:a/b:pull"], ("push", "pull"), [("repository", "a/b", ["pull", "push"])], id="all"),
        pytest.param(["repository:a/b:pull,push"], ("pull",), [("repository", "a/b", ["pull"])], id="a robot may pull"),
        pytest.param(["repository:a/b:pull"], (), [("repository", "a/b", [])], id="anonymous"),
        pytest.param(["repository:b:pull"], ("pull",), [("repository", "b", [])], id="no project"),
        pytest.param(
            ["repository:a/b:pull repository:c/d:pull", "repository:e/f:"],
            ("pull",),
            [("repository", name, ["pull"]) for name in ("a/b", "c/d", "e/f")],
            id="several in one parameter and in more",
        ),
        pytest.param(["repository:a:5000/b:pull"], ("pull",), [("repository", "a:5000/b", ["pull"])], id="colons"),
        pytest.param(["registry:catalog:*"], ("pull",), [("registry", "catalog", [])], id="the catalog is for admins"),
        pytest.param([], ("pull",), [], id="login"),
    ],
)
def test_a_token_gives_what_the_user_may(scopes: list[str], allowed: tuple[str, ...], access: list[Any]) -> None:
    assert [tuple(each.values()) for each in access_of(scopes, allowed)] == access


@pytest.mark.parametrize(
    ("method", "uri", "access"),
    [
        ("GET", "/v2/", []),
        ("GET", "/v2/_catalog", []),
        ("HEAD", "/v2/a/b/manifests/1", [("a/b", "pull")]),
        ("GET", "/v2/a/b/c/tags/list?n=5", [("a/b/c", "pull")]),
        ("GET", "/v2/a/b/referrers/sha256:0", [("a/b", "pull")]),
        ("PUT", "/v2/a/blobs/manifests/1", [("a/blobs", "push")]),
        ("PATCH", "/v2/a/b/blobs/uploads/1?_state=x", [("a/b", "push")]),
        ("DELETE", "/v2/a/b/manifests/sha256:0", [("a/b", "delete")]),
        ("POST", "/v2/a/b/blobs/uploads/?from=c/d&mount=sha256:0", [("a/b", "push"), ("c/d", "pull")]),
        ("OPTIONS", "/v2/a/b/manifests/1", []),
    ],
)
def test_what_a_request_needs(method: str, uri: str, access: list[tuple[str, str]]) -> None:
    assert needed(method, uri) == access


@pytest.mark.parametrize(
    ("method", "uri", "anonymous", "challenge", "words"),
    [
        pytest.param("GET", "/v2/", True, BEARER, "unauthorized", id="first question"),
        pytest.param("GET", "/v2/", False, BASIC, "unauthorized", id="wrong credentials"),
        pytest.param(
            "HEAD",
            "/v2/a/b/manifests/1",
            True,
            f'{BEARER},scope="repository:a/b:pull"',
            "authorize header needed to send HEAD to repository",
            id="pull",
        ),
        pytest.param(
            "HEAD",
            "/v2/a/b/manifests/1",
            False,
            BASIC,
            "unauthorized to access repository: a/b, action: pull",
            id="pull with a token that gives too little",
        ),
        pytest.param(
            "POST",
            "/v2/a/b/blobs/uploads/?from=c/d&mount=sha256:0",
            True,
            f'{BEARER},scope="repository:a/b:pull,push repository:c/d:pull"',
            "unauthorized to access repository: a/b, action: push",
            id="mount",
        ),
        pytest.param("GET", "/v2/_catalog", True, BASIC, "unauthorized to list catalog", id="catalog"),
    ],
)
def test_a_refusal_is_worded_as_by_harbor(method: str, uri: str, anonymous: bool, challenge: str, words: str) -> None:
    told, body = refusal(method, uri, REALM, anonymous=anonymous)
    assert told == challenge
    assert json.loads(body) == {"errors": [{"code": "UNAUTHORIZED", "message": f"{words}: {words}"}]}


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_token_is_signed_and_has_the_claims_that_a_registry_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "PKI", tmp_path)
    path = certificates.ensure_signer("test")
    assert path.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    access = access_of(["repository:a/b:pull"], ("pull",))
    token = signed(unsigned(ROBOT, access, "an id", 1_000), str(path.with_suffix(".key")))
    head, claims, signature = map(decoded, token.split("."))
    assert json.loads(head) == {"typ": "JWT", "alg": "RS256", "kid": "an id"}
    content = json.loads(claims)
    assert len(content.pop("jti")) == 16
    assert content == {
        **{"iss": "harbor-token-issuer", "sub": ROBOT, "aud": "harbor-registry"},
        **{"iat": 1_000, "nbf": 1_000, "exp": 2_800, "access": access},
    }
    key = x509.load_pem_x509_certificate(path.read_bytes()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())


def test_the_settings_file_is_what_was_written() -> None:
    settings = Settings(USERS, "id", REALM, Faults(actions=("pull",), valid_in=-86400))
    text = json.dumps({"users": USERS, "key_id": "id", "realm": REALM, "faults": vars(settings.faults)})
    assert settings_of(text) == settings
    assert settings_of('{"users": {}, "key_id": "id"}') == Settings({}, "id")
