# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be merged into config.json."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.client_options import check_client_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def run(options: dict[object, object]) -> list[str]:
    findings = Findings()
    check_client_options(options, "c", findings)
    assert findings.warnings == []
    return [str(problem) for problem in findings.problems]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            {"auths": {"a.example": {"auth": "bWU6czNjcmV0"}}},
            "c.auths: contains secrets. Use `username` and `password` in builder_registries.",
            id="logins",
        ),
        pytest.param({"auths": {}}, "c.auths: contains secrets.", id="no logins"),
        pytest.param(
            {"proxies": {"default": {"httpsProxy": "http://me:s3cret@p"}}},
            "c.proxies: is set by another variable. Use builder_proxy.",
            id="proxies",
        ),
        pytest.param(
            {"credHelpers": "pass"},
            "c.credHelpers: is a string, so docker could not read config.json. Write a mapping: {key: value}.",
            id="a helper for nobody",
        ),
        pytest.param({1: "x"}, "c.1: has a key that is not a string", id="number as key"),
        pytest.param({"credHelpers": {1: "x"}}, "c.credHelpers.1: has a key", id="number as key, deep"),
        pytest.param(
            {"a": [datetime.date(2026, 1, 1)]}, "c.a[0]: is of type date, which JSON does not support", id="date"
        ),
    ],
)
def test_refused(options: dict[object, object], told: str) -> None:
    (problem,) = run(options)
    assert problem.startswith(told)
    assert "s3cret" not in problem
    assert "bWU6" not in problem


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"auths": None, "proxies": None, "credsStore": None}, id="null removes a key"),
        pytest.param({"credHelpers": {"a.example": "ecr-login"}, "credsStore": "pass"}, id="credential helpers"),
        pytest.param({"detachKeys": "ctrl-q", "a-later-key": [1.5, {"b": True}]}, id="any key"),
    ],
)
def test_good_options(options: dict[object, object]) -> None:
    assert run(options) == []
