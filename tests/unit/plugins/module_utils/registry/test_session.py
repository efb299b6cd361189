# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests with a login, to real servers with TLS on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry.session import Session
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import TokenStandIn
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.registry.pushed_registry import (
    LOGIN,
    PushedRegistry,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CA = make("CA", sign=True)
SERVER = make("registry", ca=False, issuer=CA, names=("localhost",))
UPLOADS = "/v2/p/a/blobs/uploads/"
SCOPE = "repository:p/a:pull,push"


def session_at(registry: PushedRegistry, user: str = "", password: str = "") -> Session:
    return Session(Registry(registry.host, ca=CA.pem), (), Proxy(), user, password)


@pytest.mark.parametrize("auth", ["", "basic", "bearer"])
def test_a_login_is_shown_as_the_registry_wants_it(auth: str, tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, auth=auth) as registry:
        session = session_at(registry, *LOGIN)
        assert [session.ask("POST", UPLOADS, SCOPE, body=b"").status for _each in range(2)] == [202, 202]
        ways = [(method, authorization.partition(" ")[0]) for method, _path, authorization in registry.asked]
        assert (
            ways
            == {
                "": [("POST", ""), ("POST", "")],
                "basic": [("POST", ""), ("POST", "Basic"), ("POST", "Basic")],
                "bearer": [("POST", ""), ("GET", "Basic"), ("POST", "Bearer"), ("POST", "Bearer")],
            }[auth]
        )
        if auth == "bearer":
            assert registry.asked[1][1] == (
                "/token?service=registry&scope=repository%3Ap%2Fa%3Apull%2Cpush&account=robot%24ci"
            )
            assert session.ask("DELETE", "/v2/p/a/manifests/x", "repository:p/a:delete").status == 404
            assert [path for _method, path, _authorization in registry.asked].count(registry.asked[-2][1]) == 1


def test_a_login_goes_nowhere_without_tls_unless_the_table_says_so(tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, auth="bearer") as registry, TokenStandIn(tmp_path / "plain") as plain:
        registry.realm = f"http://{plain.host}/service/token"
        session_at(registry, *LOGIN).ask("POST", UPLOADS, SCOPE, body=b"")
        said = Session(Registry(registry.host, ca=CA.pem), [Registry(plain.host, http=True)], Proxy(), *LOGIN)
        said.ask("POST", UPLOADS, SCOPE, body=b"")
        assert ["Authorization" in headers for _path, headers in plain.asked] == [False, True]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("login", [(), ("robot$ci", "wrong")])
def test_a_login_that_is_refused_is_not_shown_for_ever(auth: str, login: tuple[str, ...], tmp_path: Path) -> None:
    with PushedRegistry(tmp_path, SERVER, auth=auth) as registry:
        assert session_at(registry, *login).ask("POST", UPLOADS, SCOPE, body=b"").status == 401
        assert len(registry.asked) == {"basic": 2, "bearer": 3}[auth]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_another_server_gets_no_login(auth: str, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with (
        PushedRegistry(tmp_path, SERVER, auth=auth) as registry,
        PushedRegistry(tmp_path / "b", SERVER, auth=auth) as other,
    ):
        session = Session(Registry(registry.host, ca=CA.pem), (Registry(other.host, ca=CA.pem),), Proxy(), *LOGIN)
        assert session.ask("POST", UPLOADS, SCOPE, body=b"").status == 202
        assert session.ask("PUT", f"https://{other.host}{UPLOADS}", SCOPE, body=b"x").status == 401
        assert [authorization for _method, _path, authorization in other.asked] == [""]
