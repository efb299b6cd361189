# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of buildkitd.toml beyond keys and types."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd_rules import check_config, check_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"registry": {"https://a": {}}}, "o.registry.\"https://a\" = 'https://a': has a", id="host"),
        pytest.param({"registry": {"A.b": {}}}, "is not in lower case. Write a.b.", id="upper case"),
        pytest.param({"registry": {"index.docker.io": None}}, "another name of Docker Hub", id="alias of Docker Hub"),
        pytest.param({"registry": {"a.b": {"mirrors": ["http://m"]}}}, "\"a.b\".mirrors[0] = 'http://m'", id="mirror"),
        pytest.param({"registry": {"a.b": {"ca": ["/x.pem"]}}}, '"a.b".ca: names files', id="ca"),
        pytest.param({"registry": {"a.b": {"keypair": []}}}, '"a.b".keypair: names files', id="keypair"),
        pytest.param({"registry": {"a.b": {"tlsconfigdir": ["/x"]}}}, '"a.b".tlsconfigdir: names', id="tlsconfigdir"),
        pytest.param({"insecure-entitlements": ["security.insecure"]}, "network.host", id="docker/buildx#2683"),
        pytest.param({"registry": []}, "not a table", id="wrong types stop the rules, not the run"),
    ],
)
def test_a_broken_rule_is_one_problem(options: dict[str, t.Any], told: str) -> None:
    findings = Findings()
    check_options(options, "o", findings)
    assert len(findings.problems) == 1
    assert told in str(findings.problems[0])


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"registry": {"a.b": {"mirrors": ["m/x"], "http": True, "ca": None}, "c.d": None}}, id="registry"),
        pytest.param({"insecure-entitlements": ["network.host", "security.insecure"]}, id="entitlements"),
        pytest.param({"insecure-entitlements": []}, id="no entitlements"),
        pytest.param({"registry": None}, id="all registries removed"),
    ],
)
def test_good_options(options: dict[str, t.Any]) -> None:
    findings = Findings()
    check_options(options, "o", findings)
    assert findings.problems == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('password = "s3cret', "o: is no TOML: error in line 1.", id="not TOML, nothing of it is shown"),
        pytest.param("debug = true\ndebug = true", "o: is no TOML", id="a key twice"),
        pytest.param("debug = 1", "o.debug = 1: is an integer", id="type"),
        pytest.param('[registry."a b"]\nhttp = true', "o.registry.\"a b\" = 'a b': has a space", id="host"),
        pytest.param(
            '[registry."a.b"]\nca = ["/root/ca.crt"]',
            "o.registry = '/root/ca.crt': names a certificate file that will not be in the container",
            id="a file of the host",
        ),
        pytest.param('insecure-entitlements = ["device"]', "would be ignored", id="entitlements"),
    ],
)
def test_a_bad_file_is_one_problem(text: str, told: str) -> None:
    findings = Findings()
    check_config(text, ["a.b/ca.crt"], "o", findings)
    assert len(findings.problems) == 1
    assert str(findings.problems[0]).startswith("o")
    assert told in str(findings.problems[0])
    assert "s3cret" not in str(findings.problems[0])


def test_a_file_may_name_the_certificates_that_are_there() -> None:
    findings = Findings()
    check_config('[registry."a.b"]\nca = ["/etc/buildkit/certs/a.b/ca.crt"]', ["a.b/ca.crt"], "o", findings)
    assert findings.problems == []
