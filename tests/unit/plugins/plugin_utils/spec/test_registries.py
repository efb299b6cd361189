# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of registries."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.registries import normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.harbor import address
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

CA = make("CA")
NEXT = make("next CA")
SOON = make("soon", end=3)
CLIENT = make("client", ca=False, issuer=CA)
OTHER = make("other", ca=False)
FILES = {
    "ca.crt": CA.pem.replace("\n", "\r\n").encode(),
    "ca.der": CA.der,
    "soon.pem": SOON.pem.encode(),
    "empty.pem": b"",
    "a/ca.crt": CA.pem.encode(),
    "b/ca.crt": NEXT.pem.encode(),
    "client.pem": CLIENT.pem.encode(),
    "client.key": CLIENT.key_bytes(),
    "other.key": OTHER.key_bytes(),
}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


# What the stand-ins of Harbor's API answer.
HARBORS = {"h.example": CA.pem + NEXT.pem, "leaf.example:8443": CLIENT.pem, "soon.example": SOON.pem}


def fetch(host: str) -> bytes:
    if host not in HARBORS:
        raise CertificateError(f"{address(host)} cannot be fetched: timed out", "Give `ca`")
    return HARBORS[host].encode()


def run(*registries: dict[str, t.Any], warn_days: int = 30) -> tuple[list[dict[str, t.Any]], Findings]:
    findings = Findings()
    found = normalise(
        registries, variable="r", read_file=read_file, fetch=fetch, now=NOW, warn_days=warn_days, findings=findings
    )
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
    ("given", "password"),
    [
        pytest.param("pw", "pw", id="none"),
        pytest.param("pw\n", "pw", id="of a file"),
        pytest.param("pw\r\n", "pw", id="of a file from Windows"),
        pytest.param(" pw ", " pw ", id="spaces are part of it"),
        pytest.param('{\n"key": 1\n}\n\n', '{\n"key": 1\n}\n', id="a key in JSON"),
    ],
)
def test_the_line_break_at_the_end_of_a_password_is_not_part_of_it(given: str, password: str) -> None:
    """As in docker/cli, cli/command/registry/login.go."""
    (entry,), findings = run({"host": "a.b", "username": "u", "password": given})
    assert (entry["password"], findings.problems) == (password, [])


def test_networks_are_entries_of_their_own_kind() -> None:
    given: dict[str, t.Any] = {"host": "10.1.2.3/8", "mirrors": [], "insecure": True, "http": False}
    found, findings = run(given, {"host": "FD00::/8", "http": True}, {"host": "10.0.0.0:8"})
    assert findings == Findings()
    assert found == [
        {"host": "10.0.0.0/8", "mirrors": [], "insecure": True, "http": False},
        {"host": "fd00::/8", "mirrors": [], "http": True},
        {"host": "10.0.0.0:8", "mirrors": []},
    ]


FROM = {"ca_from": "harbor"}


@pytest.mark.parametrize(
    ("entry", "ca"),
    [
        pytest.param({"host": "H.example", **FROM, "ca_fingerprint": NEXT.fingerprint}, NEXT.pem, id="harbor"),
        pytest.param({"host": "a.b", "ca": "ca.crt", "ca_fingerprint": CA.fingerprint.upper()}, CA.pem, id="pinned"),
        pytest.param(
            {"host": "a.b", "ca": CA.pem + NEXT.pem, "ca_fingerprint": f"sha256:{NEXT.fingerprint}"},
            CA.pem + NEXT.pem,
            id="one of a bundle pinned",
        ),
    ],
)
def test_a_fingerprint_and_where_the_ca_comes_from_end_here(entry: dict[str, t.Any], ca: str) -> None:
    found, findings = run(entry)
    assert findings == Findings()
    assert found == [{"host": entry["host"].lower(), "mirrors": [], "ca": ca}]


def test_harbor_is_asked_only_if_the_answer_can_be_used() -> None:
    entries: list[dict[str, t.Any]] = [
        {"host": "h.example"},
        {"host": "h.example", **FROM},
        {"host": "h.example", **FROM, "ca_fingerprint": "no"},
        {"host": "h.example", **FROM, "ca_fingerprint": CA.fingerprint, "ca": CA.pem},
        {"host": "h.example", **FROM, "ca_fingerprint": CA.fingerprint, "http": True},
        {"host": "https://h.example", **FROM, "ca_fingerprint": CA.fingerprint},
        {**FROM, "ca_fingerprint": CA.fingerprint},
    ]
    asked: list[str] = []

    def ask(host: str) -> bytes:
        asked.append(host)
        return b""

    for entry in entries:
        normalise([entry], variable="r", read_file=read_file, fetch=ask, now=NOW, warn_days=30, findings=Findings())
    assert asked == []


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param(
            {"host": "h.example", **FROM, "ca_fingerprint": SOON.fingerprint},
            f"r[0].ca_from = 'harbor': {address('h.example')} returned no certificate with sha256:{SOON.fingerprint}: "
            f"CN=CA has sha256:{CA.fingerprint}, CN=next CA has sha256:{NEXT.fingerprint}. "
            "Ask the administrators of Harbor",
            id="harbor has another: both are told",
        ),
        pytest.param(
            {"host": "leaf.example:8443", **FROM, "ca_fingerprint": CLIENT.fingerprint},
            "r[0].ca_from = 'harbor': certificate CN=client is not a CA",
            id="harbor offers the server's own",
        ),
        pytest.param(
            {"host": "off.example", **FROM, "ca_fingerprint": CA.fingerprint},
            f"r[0].ca_from = 'harbor': {address('off.example')} cannot be fetched: timed out. Give `ca`.",
            id="harbor is off",
        ),
        pytest.param(
            {"host": "h.example", **FROM},
            "r[0].ca_fingerprint: is missing, but `ca_from` is set, and nothing else authenticates the d",
            id="from harbor without fingerprint",
        ),
        pytest.param(
            {"host": "h.example", **FROM, "ca": CA.pem, "ca_fingerprint": CA.fingerprint},
            "r[0].ca_from = 'harbor': is set in addition to `ca`. Remove one of them.",
            id="ca and ca_from",
        ),
        pytest.param(
            {"host": "h.example", **FROM, "ca_fingerprint": CA.fingerprint, "http": True},
            "r[0].ca_from: is set, but `http: true` turns TLS off. Remove `http` or `ca_from`.",
            id="http, ca_from",
        ),
        pytest.param(
            {"host": "h.example", "ca_fingerprint": CA.fingerprint},
            "r[0].ca_fingerprint: is set without a CA to compare it with. Set `ca`, or `ca_from: harbor`.",
            id="fingerprint of nothing",
        ),
        pytest.param(
            {"host": "h.example", **FROM, "ca_fingerprint": "ab:cd"},
            "r[0].ca_fingerprint = 'ab:cd': is not a SHA-256 fingerprint. Write its 64",
            id="malformed",
        ),
        pytest.param(
            {"host": "a.b", "ca": "ca.crt", "ca_fingerprint": CLIENT.key_pem},
            "r[0].ca_fingerprint: is not a SHA-256 fingerprint",
            id="a key as fingerprint",
        ),
        pytest.param(
            {"host": "a.b", "ca": "ca.crt", "ca_fingerprint": OTHER.key_bytes(der=True).hex()},
            "r[0].ca_fingerprint: is not a SHA-256 fingerprint",
            id="a key's hex text as fingerprint",
        ),
        pytest.param(
            {"host": "a.b", "ca": "ca.crt", "ca_fingerprint": NEXT.fingerprint},
            f"r[0].ca_fingerprint = 'sha256:{NEXT.fingerprint}': matches no certificate in `ca`: "
            f"CN=CA has sha256:{CA.fingerprint}. Set the matching file",
            id="another pinned: both are told",
        ),
        pytest.param({"host": "a b"}, "r[0].host = 'a b': has a space", id="host"),
        pytest.param(
            {"host": "10.0.0.0/8"},
            "r[0].host = '10.0.0.0/8': is a network, for which docker can only turn off verified "
            "TLS. Add `insecure: true`, or name one registry.",
            id="a network",
        ),
        pytest.param(
            {"host": "10.0.0.0/33", "insecure": True},
            "r[0].host = '10.0.0.0/33': is not a network. Write",
            id="no network",
        ),
        *(
            pytest.param(
                {"host": "10.0.0.0/8", "insecure": True, key: value},
                f"r[0].{key}: is set for the network 10.0.0.0/8. Add an entry for the registry that it applies t",
                id=f"a network's {key}",
            )
            for key, value in {
                "mirrors": ["m.example"],
                "ca": "no.pem",
                "ca_from": "harbor",
                "ca_fingerprint": CA.fingerprint,
                "client_cert": "client.pem",
                "client_key": "client.key",
                "username": "u",
                "password": "pw",
                "hosts_toml": "",
            }.items()
        ),
        pytest.param({"host": "https://me:pw@a"}, "r[0].host = '***@a': contains a user name", id="login is not shown"),
        pytest.param({"host": "a.b", "mirrors": ["x", "http://m"]}, "r[0].mirrors[1] = 'http://m': has a", id="mirror"),
        pytest.param({"host": "a.b", "mirrors": ["m/x", "M/x"]}, "r[0].mirrors[1] = 'M/x': is in the list", id="twice"),
        pytest.param({"host": "a.b", "mirrors": ["A.b"]}, "r[0].mirrors[0] = 'A.b': is the registry its", id="itself"),
        pytest.param(
            {"host": "a.b", "mirrors": ["m"], "hosts_toml": "pw"},
            "r[0].hosts_toml: is generated from the mirrors. Remove it.",
            id="hosts.toml",
        ),
        pytest.param({"host": "a.b", "hosts_toml": ""}, "r[0].hosts_toml: is generated from", id="an empty hosts.toml"),
        pytest.param({"host": "a.b", "http": True, "ca": CA.pem}, "r[0].ca: is set, but `http: true`", id="http, ca"),
        pytest.param({"host": "a.b", "username": "u"}, "r[0].password: is missing, but `username`", id="no password"),
        pytest.param({"host": "a.b", "password": "pw"}, "r[0].username: is missing, but `password`", id="no username"),
        pytest.param({"host": "a.b", "username": "u", "password": ""}, "r[0].password: is empty", id="empty password"),
        pytest.param({"host": "a.b", "username": "u:pw", "password": "x"}, "r[0].username: has a colon", id="colon"),
        pytest.param({"host": "a.b", "username": "u\n", "password": "x"}, "r[0].username: has a line", id="line break"),
        pytest.param({"host": "a.b", "username": "u", "password": "\n"}, "r[0].password: is empty", id="a line break"),
        pytest.param({"host": "a.b", "ca": "no.pem"}, "r[0].ca = 'no.pem': cannot be read: No such file", id="no file"),
        pytest.param({"host": "a.b", "ca": "empty.pem"}, "r[0].ca = 'empty.pem': is an empty file", id="empty file"),
        pytest.param({"host": "a.b", "ca": ""}, "r[0].ca = '': is empty", id="empty text"),
        pytest.param({"host": "a.b", "ca": "client.key"}, "r[0].ca = 'client.key': contains a private key", id="a key"),
        pytest.param({"host": "a.b", "ca": CLIENT.key_pem}, "r[0].ca: contains a private key", id="a key as text"),
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


def test_a_malformed_fingerprint_does_not_hide_a_bad_ca() -> None:
    _found, findings = run({"host": "a.b", "ca": "no.pem", "ca_fingerprint": "x"})
    assert [problem.variable for problem in findings.problems] == ["r[0].ca_fingerprint", "r[0].ca"]


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        pytest.param(["a.b:443", "A.b:443"], "r[1].host = 'a.b:443': is in the table twice", id="twice"),
        pytest.param(["[::1:5000]", "x.y", "[1::5000]"], "r[2].host = '[1::5000]': would share the direct", id="IPv6"),
        pytest.param(["10.0.0.0/8", "10.1.0.0/8"], "r[1].host = '10.0.0.0/8': is in the table twice", id="networks"),
    ],
)
def test_hosts_that_collide(hosts: list[str], told: str) -> None:
    _found, findings = run(*({"host": host, "insecure": True} for host in hosts))
    assert [str(problem)[: len(told)] for problem in findings.problems] == [told]


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(["a.b", "a.b:443"], id="with and without port"),
        pytest.param(["a.b:5443", "a.b-5443"], id="a port and a dash"),
        pytest.param(["a.b:5443", "a.b.5443"], id="a port and a dot"),
        pytest.param(["a.b:543", "a.b:5431"], id="ports that begin alike"),
    ],
)
def test_hosts_that_look_alike_and_are_two(hosts: list[str]) -> None:
    found, findings = run(*({"host": host, "ca": CA.pem} for host in hosts))
    assert findings == Findings()
    assert [entry["host"] for entry in found] == hosts


def test_an_underscore_where_another_has_a_port_is_no_host() -> None:
    _found, findings = run({"host": "a.b:443"}, {"host": "a.b_443"})
    assert [str(problem)[:43] for problem in findings.problems] == ["r[1].host = 'a.b_443': is not a host name. "]


def test_ca_files_of_the_same_name_are_two() -> None:
    found, findings = run({"host": "a.b", "ca": "a/ca.crt"}, {"host": "c.d", "ca": "b/ca.crt"})
    assert findings == Findings()
    assert [entry["ca"] for entry in found] == [CA.pem, NEXT.pem]


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        pytest.param({"host": "a.b", "ca": CA.pem + NEXT.pem}, {"host": "a.b-2", "ca": CA.pem}, True, id="bundle"),
        pytest.param({"host": "a.b-1", "ca": CA.pem}, {"host": "a.b", "ca": CA.pem + NEXT.pem}, True, id="turned"),
        pytest.param({"host": "a.b", "ca": CA.pem}, {"host": "a.b-1", "ca": CA.pem}, False, id="no bundle, no number"),
        pytest.param({"host": "a.b", "ca": CA.pem + NEXT.pem}, {"host": "a.b-3", "ca": CA.pem}, False, id="past it"),
        pytest.param({"host": "a.b", "ca": CA.pem + NEXT.pem}, {"host": "a.b-2"}, False, id="no CA, no file"),
    ],
)
def test_two_files_of_one_name_in_the_system_s_store(
    first: dict[str, t.Any], second: dict[str, t.Any], collide: bool
) -> None:
    _found, findings = run(first, second)
    told = [str(problem) for problem in findings.problems]
    assert len(told) == collide
    if collide:
        assert told[0].startswith(f"r[1].host = '{second['host']}': would share the file ")
        assert f"of the system trust store with '{first['host']}'" in told[0]


def test_two_hosts_of_one_folder_are_one_problem_even_with_certificates() -> None:
    hosts = ("[::1:5000]", "[1::5000]")
    assert len(run(*({"host": host, "ca": CA.pem} for host in hosts))[1].problems) == 1


def test_the_user_says_how_many_days_before_the_end_a_warning_comes() -> None:
    soon = make("soon", ca=False, end=3)
    pair = {"client_cert": soon.pem, "client_key": soon.key_pem}
    entries: list[dict[str, t.Any]] = [
        {"host": "a.b", "ca": SOON.pem, **pair},
        {"host": "soon.example", **FROM, "ca_fingerprint": SOON.fingerprint},
    ]
    told = [text.partition(": ")[0] for text in run(*entries, warn_days=3)[1].warnings]
    assert told == ["r[0].ca", "r[0].client_cert", "r[1].ca_from"]
    assert run(*entries, warn_days=2)[1].warnings == []


@pytest.mark.parametrize(
    ("entries", "warning"),
    [
        pytest.param([{"host": "a.b", "ca": "soon.pem"}], "r[0].ca: certificate CN=soon expires", id="expires soon"),
        pytest.param([{"host": "a.b", "insecure": True, "ca": CA.pem}], "r[0]: `insecure: true` turns", id="insecure"),
        pytest.param(
            [{"host": "h.example", "insecure": True, **FROM, "ca_fingerprint": CA.fingerprint}],
            "r[0]: `insecure: true` turns off the check that `ca_from` is for",
            id="insecure, from harbor",
        ),
        pytest.param(
            [{"host": "a.b", "ca": make("sub", issuer=CA).pem}],
            "r[0].ca: certificate CN=sub is an intermediate CA",
            id="intermediate CA alone",
        ),
        pytest.param(
            [{"host": "::/0", "insecure": True}],
            "r[0].host: ::/0 covers every address: docker no longer verifies the certificate of any registry",
            id="every address",
        ),
        pytest.param(
            [{"host": "a.b", "ca": make("s", ca=False, names=("a.b",)).pem}],
            "r[0].ca: certificate CN=s is self-signed and not a CA: it is only trusted for itself, as a.b;",
            id="the server's own",
        ),
        pytest.param([{"host": "harbor"}], "r[0].host: 'harbor' has neither dot nor port", id="no dot"),
        pytest.param(
            [{"host": "h.example:443"}],
            "r[0].host: 'h.example:443' only applies to images named h.example:443/…, not to h.example/…,",
            id="the usual port",
        ),
        pytest.param(
            [{"host": "h.example:80", "http": True}],
            "r[0].host: 'h.example:80' only applies to images named h.example:80/…, not to h.example/…,",
            id="the usual port of HTTP",
        ),
    ],
)
def test_warnings_stop_nobody(entries: list[dict[str, t.Any]], warning: str) -> None:
    _found, findings = run(*entries)
    assert findings.problems == []
    assert [text[: len(warning)] for text in findings.warnings] == [warning]


def test_a_host_without_dot_is_fine_for_a_mirror() -> None:
    assert run({"host": "docker.io", "mirrors": ["mirror/hub"]}, {"host": "mirror", "ca": CA.pem})[1] == Findings()


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([{"host": "h.example:443"}, {"host": "h.example"}], id="both names"),
        pytest.param([{"host": "docker.io", "mirrors": ["h.example:443"]}, {"host": "h.example:443"}], id="a mirror"),
        pytest.param([{"host": "h.example:443", "http": True}], id="HTTP on the port of TLS"),
        pytest.param([{"host": "h.example:5443"}], id="another port"),
    ],
)
def test_a_usual_port_that_is_meant(entries: list[dict[str, t.Any]]) -> None:
    assert run(*entries)[1] == Findings()


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example/hub"], "ca": CA.pem}],
            ["r[0]: `ca` applies to docker.io itself, not to its mirror m.example, which needs its own entry"],
            id="a CA",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["b.example:5000", "a.example"], "http": True}],
            [
                "r[0]: `http` applies to docker.io itself, not to its mirror a.example, w",
                "r[0]: `http` applies to docker.io",
            ],
            id="http, two mirrors",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["M.example"], "insecure": True}, {"host": "m.example", "ca": CA.pem}],
            [],
            id="the mirror has an entry",
        ),
        pytest.param([{"host": "docker.io", "mirrors": ["m.example"]}], [], id="nothing said about TLS"),
        pytest.param([{"host": "a.example", "ca": CA.pem}], [], id="no mirrors"),
    ],
)
def test_tls_of_a_mirror_is_that_of_its_own_entry(entries: list[dict[str, t.Any]], told: list[str]) -> None:
    """Origin: moby/buildkit, util/resolver/resolver.go; dockerd's certs.d has a folder for each name, too."""
    findings = run(*entries)[1]
    assert [text[: len(start)] for text, start in zip(findings.warnings, told, strict=True)] == told
    assert findings.problems == []
