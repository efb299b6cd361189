# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a served builder: what is completed, what is refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.serve import check_serve
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, SpecError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

CA, CI = make("CA"), make("ci", ca=False)
PAIR = make("builds.example.com", ca=False, issuer=CA)
OWN = {"ca": CA.pem, "certificate": PAIR.pem, "key": PAIR.key_pem}
MINE = {"address": "192.0.2.10", **OWN}


def _read(path: str) -> bytes:
    raise FileNotFoundError(path)


def compiled(serve: t.Any, **variables: t.Any) -> dict[str, t.Any]:
    names = ["serve", "registries", "instances", "buildkit_options", "ca_warn_days", "gc", "dns", "users"]
    spec = compile_spec({"serve": serve, **variables}, names=names, read_file=_read, now=NOW)
    found: dict[str, t.Any] = spec.options["serve"]
    return found


def test_nothing_is_served_by_default() -> None:
    assert compiled({}) == {}
    assert compiled(None) == {}


def test_certificates_of_the_users_own_ca() -> None:
    found = compiled({**MINE, "clients": [{"name": "gitlab-ci", "certificate": CI.pem}]})
    assert found == {
        **MINE,
        "builder": "multiarch",
        "port": 1234,
        "allowed": [
            {
                "name": "gitlab-ci",
                "fingerprint": CI.fingerprint,
                "ends": int(CI.certificate.not_valid_after_utc.timestamp()),
            }
        ],
        "program": program.digest(program.SERVE),
    }


@pytest.mark.parametrize(
    ("name", "builders", "found"),
    [
        pytest.param(None, [{"name": "a"}, {"name": "b", "default": True}], "b", id="the default one"),
        pytest.param(None, [{"name": "a"}], "a", id="the only one"),
        pytest.param("a", [{"name": "a"}, {"name": "b", "default": True}], "a", id="the named one"),
    ],
)
def test_the_served_builder(name: str | None, builders: list[dict[str, t.Any]], found: str) -> None:
    named = {"builder": name} if name else {}
    findings = Findings()
    assert check_serve({**named, "address": "::1"}, "s", builders, findings)["builder"] == found
    assert findings.problems == []


FAR = {"name": "far", "driver": "remote", "nodes": [{"endpoint": "tcp://h:1", "ca": CA.pem}]}
ELSEWHERE = {"name": "ssh", "nodes": [{"endpoint": "ssh://h"}]}
OPEN = {"name": "open", "flags": ["--allow-insecure-entitlement=security.insecure"]}
TWO = [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize(
    ("serve", "builders", "words"),
    [
        ({"port": 1}, None, "serve.address: is missing, and nothing listens that was not asked for"),
        ({**MINE, "address": "builds.example.com"}, None, "serve.address = 'builds.example.com': is not an IP address"),
        ({**MINE, "port": 0}, None, "serve.port = 0: is not a TCP port"),
        ({**MINE, "port": 65536}, None, "serve.port = 65536: is not a TCP port"),
        ({**MINE, "builder": "multiarc"}, None, "serve.builder = 'multiarc': is not one of builder_instances. Did you"),
        (MINE, TWO, "serve.builder: is missing, and no builder is the default"),
        (MINE, [], "serve.builder: is missing, and no builder is the default. Add it to builder_instances"),
        (MINE, [FAR], "serve.builder = 'far': has the driver remote, so there is no BuildKit of it on this host"),
        (MINE, [ELSEWHERE], "serve.builder = 'ssh': has no node on this host"),
        (MINE, [OPEN], "serve.builder = 'open': allows security.insecure: each client would be root on this host"),
        ({**MINE, "allowed": []}, None, "serve.allowed: is internal"),
        ({**MINE, "program": "x"}, None, "serve.program: is internal"),
        ({**MINE, "address": None, "listen": "x"}, None, "serve.listen: is not a known key"),
        ({"address": "::", "ca": CA.pem}, None, "serve.certificate: is missing"),
        ({**MINE, "key": make("x").key_pem}, None, "serve.key: does not belong to"),
        ({**MINE, "ca": "none.pem"}, None, "serve.ca: cannot be read"),
        ({**MINE, "clients": [{"name": "ci"}]}, None, "serve.clients[0].certificate: is missing"),
        ({**MINE, "clients": [{"name": "ci", "certificate": "none.pem"}]}, None, "certificate: cannot be read"),
    ],
)
def test_what_is_refused(serve: dict[str, t.Any], builders: list[dict[str, t.Any]] | None, words: str) -> None:
    variables = {} if builders is None else {"instances": builders}
    with pytest.raises(SpecError) as raised:
        compiled(serve, **variables)
    assert words in str(raised.value)
    assert "PRIVATE" not in str(raised.value)


def test_an_insecure_builder_by_its_configuration_is_refused() -> None:
    with pytest.raises(SpecError, match=r"allows security\.insecure"):
        compiled(MINE, buildkit_options={"insecure-entitlements": ["network.host", "security.insecure"]})
