# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdicts on what registries and token endpoints answer to logins."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.login_answers import (
    endpoint,
    instant,
    to_password,
    to_token,
    without_login,
)
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import Claims

REALM = "https://auth.example/token"
AT = f"token endpoint {REALM}"
HERE = "https://a.b/v2/"


@pytest.mark.parametrize(
    ("status", "outcome", "words"),
    [
        (200, "logged in", "answered 200 OK"),
        (401, "login refused", "answered 401 Unauthorized"),
        (403, "forbidden", "answered 403 Forbidden"),
        (302, "other", "answered 302 Found"),
        (404, "other", "answered 404 Not Found"),
        (429, "other", "answered 429 Too Many Requests"),
        (500, "server error", "answered 500 Internal Server Error"),
        (502, "server error", "answered 502 Bad Gateway"),
        (599, "server error", "answered 599"),
    ],
)
def test_to_password(status: int, outcome: str, words: str) -> None:
    assert to_password(AT, status) == (outcome, f"{AT} {words}")


DAY = 86400
CLAIMS = Claims(begins=DAY, ends=DAY + 1800)


@pytest.mark.parametrize(
    ("status", "claims", "clocks", "outcome", "words"),
    [
        pytest.param(200, CLAIMS, None, "logged in", f"{HERE} answered 200 OK", id="taken"),
        pytest.param(403, CLAIMS, None, "forbidden", f"{HERE} answered 403 Forbidden", id="forbidden"),
        pytest.param(502, CLAIMS, None, "server error", f"{HERE} answered 502 Bad Gateway", id="nobody behind a proxy"),
        pytest.param(
            401,
            CLAIMS,
            Clocks(5, 30),
            "token not valid",
            f"{HERE} rejects the token of {AT}, which is valid from 1970-01-02 00:00:00 UTC to 1970-01-02 "
            f"00:30:00 "
            "UTC; its own clock shows 1970-01-01 00:00:30 UTC",
            id="a token of tomorrow",
        ),
        pytest.param(401, Claims(), None, "token not valid", f"{HERE} rejects the token of {AT}", id="opaque"),
    ],
)
def test_to_token(status: int, claims: Claims, clocks: Clocks | None, outcome: str, words: str) -> None:
    assert to_token(HERE, status, REALM, claims, clocks) == (outcome, words)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param(200, "trusted", id="Harbor: a token without access"),
        pytest.param(401, "trusted", id="others: not without a login"),
        pytest.param(403, "trusted", id="GitLab"),
        pytest.param(429, "trusted", id="too often"),
        pytest.param(400, "other", id="Harbor: another service"),
        pytest.param(404, "other", id="nobody gives out tokens there"),
        pytest.param(405, "other", id="nobody gives out tokens there, either"),
        pytest.param(500, "server error", id="Harbor's core"),
        pytest.param(502, "server error", id="nginx before a core that is down"),
    ],
)
def test_without_login(status: int, outcome: str) -> None:
    found, words = without_login(f"{REALM}?x=1", status)
    assert found == outcome
    assert words.startswith(f"{AT} answered {status} ")


def test_words() -> None:
    assert endpoint("https://a.b/t?secret=1") == "token endpoint https://a.b/t"
    assert instant(1795930224) == "2026-11-29 05:30:24 UTC"
