# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What token endpoints give."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.registry.token import Claims, claims_in, token_in
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.token_stand_in import encoded


@pytest.mark.parametrize(
    ("body", "token"),
    [
        pytest.param({"token": "a.b.c"}, "a.b.c", id="token"),
        pytest.param({"token": "", "access_token": "a"}, "a", id="access_token"),
        pytest.param({"token": "a", "access_token": ""}, "a", id="Harbor: one is empty"),
        pytest.param({"token": 5}, "", id="a number"),
        pytest.param({"token": "a\r\nX: y"}, "", id="no token can have that"),
        pytest.param({"token": "ä"}, "", id="no header can have that"),
        pytest.param({}, "", id="none"),
        pytest.param([], "", id="a list"),
    ],
)
def test_token_in(body: t.Any, token: str) -> None:
    assert token_in(json.dumps(body).encode()) == token


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 60000])
def test_an_answer_that_is_no_json_has_no_token(body: bytes) -> None:
    assert token_in(body) == ""


ROW = {"type": "repository", "name": "ci/app", "actions": ["pull"]}


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        pytest.param(
            {"nbf": 1, "exp": 2.9, "access": [ROW]}, Claims(1, 2, {"ci/app": frozenset(["pull"])}), id="Harbor"
        ),
        pytest.param(
            {"access": [ROW, {**ROW, "actions": ["push"]}]},
            Claims(access={"ci/app": frozenset(["pull", "push"])}),
            id="twice",
        ),
        pytest.param({"access": None}, Claims(access={}), id="no access, as Go writes it"),
        pytest.param({"access": [{**ROW, "actions": None}]}, Claims(access={"ci/app": frozenset()}), id="no action"),
        pytest.param({"access": "all"}, Claims(), id="another kind of access"),
        pytest.param(
            {"access": ["x", {"name": 5}, {**ROW, "actions": 5}]}, Claims(access={}), id="rows of other kinds"
        ),
        pytest.param({"nbf": "now", "exp": 1e300}, Claims(), id="times that are none"),
        pytest.param({}, Claims(), id="nothing"),
        pytest.param([], Claims(), id="a list"),
    ],
)
def test_claims_in(claims: t.Any, found: Claims) -> None:
    assert claims_in(encoded(claims)) == found


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.@.c", "a..c", ".x.", "a.b.c.d", "v1.ä.x"])
def test_an_opaque_token_tells_nothing(token: str) -> None:
    assert claims_in(token) == Claims()
