# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of buildkitd.toml beyond keys and types."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.rules import (
    check_config,
    check_flags,
    check_options,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


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
        pytest.param('password = "s3cret', "o: is not TOML: error in line 1.", id="not TOML, nothing of it is shown"),
        pytest.param("debug = true\ndebug = true", "o: is not TOML", id="a key twice"),
        pytest.param("debug = 1", "o.debug = 1: is an integer", id="type"),
        pytest.param('[registry."a b"]\nhttp = true', "o.registry.\"a b\" = 'a b': has a space", id="host"),
        pytest.param(
            '[registry."a.b"]\nca = ["/root/ca.crt"]',
            "o.registry = '/root/ca.crt': names a certificate file that will not be in the container",
            id="a file of the host",
        ),
        pytest.param('insecure-entitlements = ["device"]', "would be ignored", id="entitlements"),
        pytest.param('[registry."a.b"]\nca = "ca.crt"', "\"a.b\".ca = 'ca.crt': is a string", id="ca, a string"),
        pytest.param('[dns]\nnameservers = ["dns.example"]', "Write a list of IP addresses", id="a name in dns"),
        pytest.param(
            '[registry."x.y"]\nca = ["/etc/buildkit/certs/a.b/ca.crt"]',
            "belongs to another registry: buildx would overwrite /etc/buildkit/certs/x.y/ca.crt with it",
            id="two CA files with one basename: buildx, util/confutil/container.go",
        ),
        pytest.param(
            '[[registry."x.y".keypair]]\nkey = "{0}"\ncert = "{0}"'.format("/etc/buildkit/certs/a.b/ca.crt"),
            "x.y\" = '/etc/buildkit/certs/a.b/ca.crt': belongs to another registry",
            id="the same of a client certificate",
        ),
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


def test_a_file_is_for_a_version() -> None:
    findings = Findings()
    check_config("[cdi]\ndisabled = true", [], "o", findings, (0, 13))
    assert findings == Findings(warnings=["o.cdi: is ignored by BuildKit 0.13 (since 0.20)"])


@pytest.mark.parametrize(
    ("registry", "told"),
    [
        pytest.param({"docker.io": {"mirrors": ["m.example:5000"], "http": True}}, ["`http` applies to"], id="http"),
        pytest.param(
            {"docker.io": {"mirrors": ["m.example/hub"], "ca": ["/ca"], "insecure": True}},
            ["`insecure`, `ca` applies to docker.io itself, not to its mirror m.example: add [registry."],
            id="CA with a path",
        ),
        pytest.param(
            {"docker.io": {"mirrors": ["a.example", "b.example"], "http": True}, "a.example": {}},
            ["`http` applies to docker.io itself, not to its mirror b.example:"],
            id="one of two mirrors has a table",
        ),
        pytest.param({"docker.io": {"mirrors": ["m.example"]}}, [], id="a mirror that everybody trusts"),
        pytest.param({"docker.io": {"mirrors": ["m.example"], "http": False}}, [], id="nothing said about TLS"),
        pytest.param({"a.b": {"mirrors": ["table.example"], "http": True}}, [], id="a mirror that is in the table"),
        pytest.param({"a.b": {"mirrors": ["M.example"], "http": True}, "m.example": {}}, [], id="case"),
        pytest.param(
            {"a.b": {"mirrors": ["m"], "http": True}, "m": None}, ["`http` applies to a.b"], id="null removes it"
        ),
        pytest.param({"a.b": None, "c.d": {"mirrors": None, "http": True}}, [], id="no mirrors"),
    ],
)
def test_tls_of_a_mirror_is_under_its_own_name(registry: dict[str, t.Any], told: list[str]) -> None:
    """Origin: moby/buildkit, util/resolver/resolver.go; its own docs/buildkitd.toml.md has it the other way round."""
    findings = Findings()
    check_options({"registry": registry}, "o", findings, ["table.example"])
    shown = [warning.partition(": ")[2] for warning in findings.warnings]
    assert [text[: len(start)] for text, start in zip(shown, told, strict=True)] == told


@pytest.mark.parametrize(
    ("flags", "config", "lost"),
    [
        pytest.param(["security.insecure"], ["network.host", "security.insecure"], "network.host is lost", id="one"),
        pytest.param(["device"], ["network.host", "security.insecure"], "network.host, security.insecure is", id="all"),
        pytest.param(["network.host", "security.insecure"], ["network.host", "security.insecure"], "", id="both"),
        pytest.param([], ["network.host"], "", id="no flag"),
        pytest.param(["device"], [], "", id="no list"),
    ],
)
def test_a_flag_replaces_the_list_of_entitlements(flags: list[str], config: list[str], lost: str) -> None:
    """Origin: moby/buildkit, applyMainFlags in cmd/buildkitd/main.go."""
    findings = Findings()
    given = ["--debug", None, *(f"--allow-insecure-entitlement={each}" for each in flags)]
    check_flags(given, f"insecure-entitlements = {config}", "b[0].flags", findings)
    assert len(findings.problems) == bool(lost)
    assert all(lost in str(each) and str(each).startswith("b[0].flags: replaces") for each in findings.problems)


@pytest.mark.parametrize("config", ["no TOML", "insecure-entitlements = 5"])
def test_flags_beside_a_file_that_is_wrong_are_no_second_problem(config: str) -> None:
    findings = Findings()
    check_flags(["--allow-insecure-entitlement=device"], config, "o", findings)
    assert findings == Findings()
