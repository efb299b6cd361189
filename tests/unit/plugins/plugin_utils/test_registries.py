# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of registries."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.registries import normalise
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

CA = make("CA")
SOON = make("soon", end=3)
CLIENT = make("client", ca=False, issuer=CA)
OTHER = make("other", ca=False)
FILES = {
    "ca.crt": CA.pem.replace("\n", "\r\n").encode(),
    "ca.der": CA.der,
    "soon.pem": SOON.pem.encode(),
    "empty.pem": b"",
    "client.pem": CLIENT.pem.encode(),
    "client.key": CLIENT.key_bytes(),
    "other.key": OTHER.key_bytes(),
}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


def run(*registries: dict[str, t.Any]) -> tuple[list[dict[str, t.Any]], Findings]:
    findings = Findings()
    found = normalise(registries, variable="r", read_file=read_file, now=NOW, findings=findings)
    return found, findings


def test_a_good_table_keeps_its_order_and_gets_its_files() -> None:
    found, findings = run(
        {"host": "Docker.io", "mirrors": ["harbor.example.com/dockerhub", "M2.example"], "insecure": False},
        {"host": "harbor.example.com", "ca": "ca.crt", "client_cert": "client.pem", "client_key": "client.key"},
        {"host": "h:5000", "http": True, "username": "robot$ci", "password": "pw"},
        {"host": "der.example", "ca": "ca.der"},
        {"host": "text.example", "ca": CA.pem + CA.pem},
    )
    assert findings == Findings()
    assert found == [
        {"host": "docker.io", "mirrors": ["harbor.example.com/dockerhub", "m2.example"], "insecure": False},
        {
            "host": "harbor.example.com",
            "mirrors": [],
            "ca": CA.pem,
            "client_cert": CLIENT.pem,
            "client_key": CLIENT.key_pem,
        },
        {"host": "h:5000", "mirrors": [], "http": True, "username": "robot$ci", "password": "pw"},
        {"host": "der.example", "mirrors": [], "ca": CA.pem},
        {"host": "text.example", "mirrors": [], "ca": CA.pem},
    ]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param({"host": "a b"}, "r[0].host = 'a b': has a space", id="host"),
        pytest.param({"host": "https://me:pw@a"}, "r[0].host = '***@a': holds a user name", id="login is not shown"),
        pytest.param({"host": "a.b", "mirrors": ["x", "http://m"]}, "r[0].mirrors[1] = 'http://m': has a", id="mirror"),
        pytest.param({"host": "a.b", "mirrors": ["m/x", "M/x"]}, "r[0].mirrors[1] = 'M/x': is in the list", id="twice"),
        pytest.param({"host": "a.b", "mirrors": ["A.b"]}, "r[0].mirrors[0] = 'A.b': is the registry its", id="itself"),
        pytest.param({"host": "a.b", "http": True, "ca": CA.pem}, "r[0].ca: is given, but `http: true`", id="http, ca"),
        pytest.param({"host": "a.b", "username": "u"}, "r[0].password: is missing, but `username`", id="no password"),
        pytest.param({"host": "a.b", "password": "pw"}, "r[0].username: is missing, but `password`", id="no username"),
        pytest.param({"host": "a.b", "username": "u", "password": ""}, "r[0].password: is empty", id="empty password"),
        pytest.param({"host": "a.b", "username": "u:pw", "password": "x"}, "r[0].username: has a colon", id="colon"),
        pytest.param({"host": "a.b", "ca": "no.pem"}, "r[0].ca = 'no.pem': cannot be read: No such file", id="no file"),
        pytest.param({"host": "a.b", "ca": "empty.pem"}, "r[0].ca = 'empty.pem': is an empty file", id="empty file"),
        pytest.param({"host": "a.b", "ca": ""}, "r[0].ca = '': is empty", id="empty text"),
        pytest.param({"host": "a.b", "ca": "client.key"}, "r[0].ca = 'client.key': holds a private key", id="a key"),
        pytest.param({"host": "a.b", "ca": CLIENT.key_pem}, "r[0].ca: holds a private key", id="a key as text"),
        pytest.param({"host": "a.b", "ca": "client.pem"}, "r[0].ca = 'client.pem': certificate CN=cli", id="not a CA"),
        pytest.param({"host": "a.b", "client_cert": "client.pem"}, "r[0].client_key: is missing", id="no client key"),
        pytest.param({"host": "a.b", "client_key": "client.key"}, "r[0].client_cert: is missing", id="no client cert"),
        pytest.param(
            {"host": "a.b", "client_cert": "client.pem", "client_key": "other.key"},
            "r[0].client_key: does not belong to the client certificate CN=client",
            id="another's key",
        ),
        pytest.param(
            {"host": "a.b", "client_cert": "client.pem", "client_key": OTHER.key_bytes(der=True).hex()},
            "r[0].client_key: is not a private key",
            id="a key's hex text",
        ),
    ],
)
def test_a_bad_entry_is_one_problem_without_a_secret(entry: dict[str, t.Any], told: str) -> None:
    _found, findings = run(entry)
    assert len(findings.problems) == 1
    text = str(findings.problems[0])
    assert text.startswith(told)
    secrets = ["pw", OTHER.key_bytes(der=True).hex()[:16], *CLIENT.key_pem.splitlines()[1:-1]]
    assert not any(secret in text for secret in secrets)


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        pytest.param(["a.b:443", "A.b:443"], "r[1].host = 'a.b:443': is in the table twice", id="twice"),
        pytest.param(["[::1:5000]", "x.y", "[1::5000]"], "r[2].host = '[1::5000]': would share the folder", id="IPv6"),
    ],
)
def test_hosts_that_collide(hosts: list[str], told: str) -> None:
    _found, findings = run(*({"host": host} for host in hosts))
    assert [str(problem)[: len(told)] for problem in findings.problems] == [told]


def test_a_host_with_and_without_port_are_two() -> None:
    assert run({"host": "a.b"}, {"host": "a.b:443"})[1] == Findings()


@pytest.mark.parametrize(
    ("entries", "warning"),
    [
        pytest.param([{"host": "a.b", "ca": "soon.pem"}], "r[0].ca: certificate CN=soon expires", id="expires soon"),
        pytest.param([{"host": "a.b", "insecure": True, "ca": CA.pem}], "r[0]: `insecure: true` turns", id="insecure"),
        pytest.param([{"host": "harbor"}], "r[0].host: 'harbor' has neither dot nor port", id="no dot"),
    ],
)
def test_warnings_stop_nobody(entries: list[dict[str, t.Any]], warning: str) -> None:
    _found, findings = run(*entries)
    assert findings.problems == []
    assert [text[: len(warning)] for text in findings.warnings] == [warning]


def test_a_host_without_dot_is_fine_for_a_mirror() -> None:
    assert run({"host": "docker.io", "mirrors": ["mirror/hub"]}, {"host": "mirror", "ca": CA.pem})[1] == Findings()
