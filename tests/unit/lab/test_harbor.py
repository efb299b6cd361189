"""The files of a Harbor of the lab."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from lab import certificates, harbor
from lab.disk import File
from lab.harbor import Endpoint, Harbor
from lab.standins.token_service import Settings, settings_of

SETTINGS = Settings({"robot$ci": "salt:hash"}, "id")


@pytest.fixture
def signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setattr(certificates, "PKI", tmp_path)
    path = certificates.ensure_signer("test")
    return Endpoint("test", 0, path.read_text(), path.with_suffix(".key").read_text())


def made(signer: Endpoint, *, clients: str = "", tokens: Endpoint | None = None) -> dict[str, File]:
    registry = Endpoint("harbor.lab.test", 8443, "CERTIFICATE", "SECRET", clients)
    one = Harbor("unit", "/folder", "/storage", registry, signer, SETTINGS, tokens)
    return {file.path: file for file in harbor.files(one, "/units")}


def test_a_key_is_named_as_docker_registry_names_it(signer: Endpoint) -> None:
    argv = ["openssl", "x509", "-noout", "-pubkey"]
    pem = subprocess.run(argv, input=signer.certificate, capture_output=True, check=True, text=True).stdout
    der = base64.b64decode("".join(pem.splitlines()[1:-1]))
    groups = harbor.key_id(signer.certificate).split(":")
    assert [len(group) for group in groups] == [4] * 12
    assert base64.b32decode("".join(groups)) == hashlib.sha256(der).digest()[:30]


def test_what_is_secret_is_for_root_alone(signer: Endpoint) -> None:
    files = made(signer, clients="CLIENTS", tokens=Endpoint("token.lab.test", 9443, "OTHER", "SECRET TOO"))
    secret = {path for path, file in files.items() if file.mode == 0o600}
    assert secret == {f"/folder/{name}" for name in ("core.json", "server.key", "signer.key", "tokens.key")}
    secrets = ("SECRET", "PRIVATE KEY", "salt:hash")
    assert secret == {path for path, file in files.items() if any(words in file.content for words in secrets)}


def test_the_core_finds_its_settings(signer: Endpoint) -> None:
    assert settings_of(made(signer)["/folder/core.json"].content) == SETTINGS


def test_the_token_endpoint_is_elsewhere_only_if_it_is_asked_for(signer: Endpoint) -> None:
    elsewhere = made(signer, tokens=Endpoint("token.lab.test", 9443, "OTHER", "SECRET TOO"))
    assert "listen 9443 ssl" in elsewhere["/folder/nginx.conf"].content
    assert "9443" not in made(signer)["/folder/nginx.conf"].content


def test_clients_need_a_certificate_only_if_it_is_asked_for(signer: Endpoint) -> None:
    assert "ssl_verify_client" in made(signer, clients="CLIENTS")["/folder/nginx.conf"].content
    assert "ssl_verify_client" not in made(signer)["/folder/nginx.conf"].content


def test_the_registry_trusts_the_signer(signer: Endpoint) -> None:
    token = json.loads(made(signer)["/folder/registry.yml"].content)["auth"]["token"]
    assert made(signer)[token["rootcertbundle"]].content == signer.certificate
    assert (token["issuer"], token["service"]) == ("harbor-token-issuer", "harbor-registry")
