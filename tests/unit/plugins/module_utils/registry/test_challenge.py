# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How registries want their clients to log in."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import (
    BASIC,
    BEARER,
    Challenge,
    challenge_in,
    error_in,
)

HARBOR = 'Bearer realm="https://harbor.example.com/service/token",service="harbor-registry"'
OF_HARBOR = Challenge(BEARER, "https://harbor.example.com/service/token", "harbor-registry")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param((HARBOR,), OF_HARBOR, id="Harbor"),
        pytest.param((HARBOR.replace("Bearer", "bearer"),), OF_HARBOR, id="any case"),
        pytest.param((HARBOR.replace('",', '" , '),), OF_HARBOR, id="spaces"),
        pytest.param(
            (f'{HARBOR},scope="repository:ci/app:pull",error="invalid_token"',), OF_HARBOR, id="more than is needed"
        ),
        pytest.param(("Bearer realm=https",), None, id="a realm that is no address"),
        pytest.param(('Bearer realm="https://harbor:port/token"',), None, id="a port that is no number"),
        pytest.param(('Bearer realm="https://[::1/token"',), None, id="half an address"),
        pytest.param(("Bearer",), None, id="no realm"),
        pytest.param((r'Bearer realm="https://a/\"b\""',), Challenge(BEARER, 'https://a/"b"'), id="escaped"),
        pytest.param(('Basic realm="harbor.example.com"',), Challenge(BASIC), id="a password"),
        pytest.param(("Basic",), Challenge(BASIC), id="a password, without a realm"),
        pytest.param(('Basic realm="x"', HARBOR), OF_HARBOR, id="a token before a password"),
        pytest.param(('Digest realm="x"',), None, id="unknown to Docker"),
        pytest.param(("",), None, id="empty"),
        pytest.param((), None, id="none"),
    ],
)
def test_the_challenge_that_clients_take_up(headers: tuple[str, ...], expected: Challenge | None) -> None:
    assert challenge_in(headers) == expected


@pytest.mark.parametrize(
    ("realm", "host"),
    [
        ("https://harbor.example.com/service/token", "harbor.example.com"),
        ("https://Harbor.Example.com:443/service/token", "harbor.example.com"),
        ("https://auth.example.com:8443/token", "auth.example.com:8443"),
        ("http://auth.example.com/token", "auth.example.com"),
        ("http://auth.example.com:443/token", "auth.example.com:443"),
        ("https://[2001:DB8::1]:8443/token", "[2001:db8::1]:8443"),
    ],
)
def test_who_gives_out_tokens_is_named_as_in_the_table(realm: str, host: str) -> None:
    assert Challenge(BEARER, realm).token_host == host


def test_who_takes_passwords_gives_out_no_tokens() -> None:
    assert Challenge(BASIC).token_host == ""


@pytest.mark.parametrize(
    ("scope", "account", "query"),
    [
        ("", "", "service=harbor-registry"),
        ("", "robot$ci", "service=harbor-registry&account=robot%24ci"),
        ("repository:ci/app:pull", "", "service=harbor-registry&scope=repository%3Aci%2Fapp%3Apull"),
    ],
)
def test_where_a_token_is_fetched(scope: str, account: str, query: str) -> None:
    assert OF_HARBOR.token_url(scope, account) == f"https://harbor.example.com/service/token?{query}"


def test_what_the_realm_asks_for_itself_stays() -> None:
    assert Challenge(BEARER, "https://a/jwt?x=1", "s").token_url() == "https://a/jwt?x=1&service=s"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        pytest.param((f'{HARBOR},scope="repository:ci/app:pull",error="invalid_token"',), "invalid_token", id="told"),
        pytest.param(('Basic realm="x"', f"{HARBOR}, error=insufficient_scope"), "insufficient_scope", id="the second"),
        pytest.param((HARBOR,), "", id="untold"),
        pytest.param(('Basic realm="x",error="invalid_token"',), "", id="of a password"),
        pytest.param((), "", id="no challenge"),
    ],
)
def test_what_is_wrong_with_a_token(headers: tuple[str, ...], error: str) -> None:
    assert error_in(headers) == error
