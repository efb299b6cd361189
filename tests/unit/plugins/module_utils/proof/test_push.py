# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A refused push is looked into at a real server on loopback, with the login that the user's docker would send."""

from __future__ import annotations

import base64
import collections.abc
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.proof.push import look
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import (
    LOGIN,
    TokenStandIn,
    basic,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make("CA", sign=True)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> collections.abc.Iterator[TokenStandIn]:
    (tmp_path / "store.crt").write_text(CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.crt"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(certs_d, "path", lambda host, name: str(tmp_path / "certs.d" / host / name))
    server = make("server", ca=False, issuer=CA, names=("localhost",))
    with TokenStandIn(tmp_path / "registry", server) as running:
        yield running


@pytest.fixture(autouse=True)
def log_in(homes: Path, registry: TokenStandIn) -> t.Callable[[str, str], None]:
    """Give user ci a login; at first it is the right one."""

    def make_login(name: str, password: str) -> None:
        token = base64.b64encode(f"{name}:{password}".encode()).decode()
        (homes / "ci/.docker/config.json").write_text(json.dumps({"auths": {registry.host: {"auth": token}}}))

    (homes / "ci/.docker").mkdir()
    make_login(*LOGIN)
    return make_login


@pytest.mark.parametrize(
    ("path", "faults", "kind"),
    [
        pytest.param("ci/proof", {}, "may push", id="all is right"),
        pytest.param("ci/proof", {"actions": ["pull"]}, "may pull only", id="a robot that may pull"),
        pytest.param("ci/proof", {"actions": []}, "no rights", id="a robot without rights"),
        pytest.param("nope/proof", {"actions": []}, "no project", id="no project"),
        pytest.param("ci/proof", {"valid_in": 86400}, "token not valid", id="a token of tomorrow"),
        pytest.param("ci/proof", {"token_status": 403}, "forbidden", id="nothing may be done"),
        pytest.param("ci/proof", {"scheme": "Basic"}, "logged in", id="without tokens"),
        pytest.param("ci/proof", {"token_status": 500}, None, id="nobody can tell"),
        pytest.param("ci/proof", {"registry_status": 200}, None, id="no login is wanted"),
    ],
)
def test_what_is_found(path: str, faults: dict[str, t.Any], kind: str | None, registry: TokenStandIn) -> None:
    vars(registry).update(faults)
    found = look(f"{registry.host}/{path}", "ci")
    assert (found.kind if found else None) == kind
    if found:
        assert (found.registry, found.path, found.user, found.name) == (registry.host, path, "ci", LOGIN[0])
        assert LOGIN[1] not in repr(found)
        assert basic(*LOGIN).partition(" ")[2] not in repr(found)


def test_a_wrong_password_is_not_taken_for_a_missing_right(
    registry: TokenStandIn, log_in: t.Callable[[str, str], None]
) -> None:
    """Harbor gives a token for a scope to everybody; the first question is that of docker login, without one."""
    log_in(LOGIN[0], "wrong")
    found = look(f"{registry.host}/ci/proof", "ci")
    assert found is not None
    assert (found.kind, found.name) == ("login refused", LOGIN[0])
    assert found.words.endswith("answered 401 Unauthorized")


def test_who_has_no_login(registry: TokenStandIn) -> None:
    found = look(f"{registry.host}/ci/proof", "jane")
    assert found is not None
    assert (found.kind, found.user, found.name) == ("not logged in", "jane", "")
    assert registry.asked == []


def test_a_login_that_is_damaged(registry: TokenStandIn, homes: Path) -> None:
    for auth in ("@", base64.b64encode(b"no colon").decode()):
        (homes / "ci/.docker/config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
        assert look(f"{registry.host}/ci/proof", "ci") is None
    (homes / "ci/.docker/config.json").write_text("{")
    assert look(f"{registry.host}/ci/proof", "ci") is None


def test_a_registry_that_is_not_trusted_is_sent_nothing(
    registry: TokenStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.crt"))
    assert look(f"{registry.host}/ci/proof", "ci") is None
    assert registry.asked == []
