# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy and the name servers: what is refused, what is a warning, and that no credentials are shown."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.network import check_dns, check_proxy
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

URL = "http://proxy.example.com:3128"
Mapping = dict[str, t.Any]


def proxy(**keys: t.Any) -> Findings:
    findings = Findings()
    check_proxy(keys, "p", findings)
    return findings


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="none"),
        pytest.param({"no_proxy": []}, id="none, completed"),
        pytest.param({"https": URL}, id="https"),
        pytest.param({"http": URL, "https": "https://proxy:3129"}, id="both, one with TLS"),
        pytest.param({"https": "socks5://10.0.0.1:1080"}, id="SOCKS"),
        pytest.param({"https": "HTTP://proxy/"}, id="capitals, no port, a slash at the end"),
        pytest.param({"https": "http://[2001:db8::1]:3128"}, id="IPv6"),
        pytest.param({"https": URL, "username": "u@d", "password": "p@ss:w/rd"}, id="credentials, any signs"),
        pytest.param(
            {
                "https": URL,
                "no_proxy": ["localhost", ".example.com", "*.b", "a.b:8080", "10.0.0.0/8", "::1", "fd00::/8", "*"],
            },
            id="what is reached directly",
        ),
    ],
)
def test_good_proxies(keys: Mapping) -> None:
    assert proxy(**keys) == Findings()


PATTERN = "is a pattern that docker, buildx and BuildKit do not support: all of it would use the proxy."


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("10.*", "Write the network: 10.0.0.0/8."),
        ("192.168.*", "Write the network: 192.168.0.0/16."),
        ("192.0.2.*", "Write the network: 192.0.2.0/24."),
        ("10.*.*.*", "Write the network: 10.0.0.0/8."),
        ("*example.com", "Write a domain, which includes its subdomains: example.com."),
        ("*.*.example.com", "Write hosts, .domains, addresses or networks such as 10.0.0.0/8."),
        ("registry-*.example.com", "Write hosts, .domains, addresses or networks such as 10.0.0.0/8."),
        ("300.*", "Write hosts, .domains, addresses or networks such as 10.0.0.0/8."),
    ],
)
def test_patterns_of_other_programs_are_told(pattern: str, remedy: str) -> None:
    (problem,) = proxy(https=URL, no_proxy=["localhost", pattern]).problems
    assert str(problem) == f"p.no_proxy[1] = '{pattern}': {PATTERN} {remedy}"


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param({"https": ""}, "p.https = '': is not the URL of a proxy", id="empty"),
        pytest.param({"https": "proxy"}, "p.https = 'proxy': is not the URL of a proxy", id="a name"),
        pytest.param({"https": "proxy:3128"}, "p.https = 'proxy:3128': is not the URL", id="no scheme"),
        pytest.param({"https": "ftp://proxy"}, "p.https = 'ftp://proxy': is not the URL", id="another scheme"),
        pytest.param({"https": "http://"}, "p.https = 'http://': is not the URL", id="no host"),
        pytest.param({"https": "http://:3128"}, "p.https = 'http://:3128': is not the URL", id="a port alone"),
        pytest.param({"https": "http://p:0"}, "p.https = 'http://p:0': is not the URL", id="port 0"),
        pytest.param({"https": "http://p:99999"}, "p.https = 'http://p:99999': is not the URL", id="no port"),
        pytest.param({"https": "http://p:web"}, "p.https = 'http://p:web': is not the URL", id="a port's name"),
        pytest.param({"https": "http://[::1"}, "p.https = 'http://[::1': is not the URL", id="half an IPv6 address"),
        pytest.param({"https": "http://pro xy"}, "p.https = 'http://pro xy': is not the URL", id="a space"),
        pytest.param({"https": URL + "\n"}, "p.https = ", id="a newline, which urllib would drop"),
        pytest.param({"https": URL + "/a"}, f"p.https = '{URL}/a': has more than scheme, host and port", id="a path"),
        pytest.param({"https": URL + "?a"}, f"p.https = '{URL}?a': has more than scheme", id="a query"),
        pytest.param({"https": URL + "#a"}, f"p.https = '{URL}#a': has more than scheme", id="a fragment"),
        pytest.param(
            {"https": URL, "http": "proxy"}, "p.http = 'proxy': is not the URL of a proxy", id="the same for http"
        ),
        pytest.param(
            {"https": URL, "no_proxy": ["a", "b, c"]}, "p.no_proxy[1] = 'b, c': is not the name", id="two in one"
        ),
        pytest.param({"https": URL, "no_proxy": [""]}, "p.no_proxy[0] = '': is not the name", id="an empty name"),
        pytest.param(
            {"https": URL, "no_proxy": ["http://a"]},
            "p.no_proxy[0] = 'http://a': is not the name",
            id="a URL in no_proxy",
        ),
        pytest.param(
            {"https": URL, "no_proxy": ["a/b"]}, "p.no_proxy[0] = 'a/b': is not the name", id="a path in no_proxy"
        ),
        pytest.param(
            {"https": URL, "username": "u"}, "p.password: is missing, but `username` is given", id="no password"
        ),
        pytest.param(
            {"https": URL, "password": "s3cret"}, "p.username: is missing, but `password` is given", id="no username"
        ),
        pytest.param({"no_proxy": ["a"]}, "p: names no proxy", id="no_proxy alone"),
        pytest.param({"username": "u", "password": "s3cret"}, "p: names no proxy", id="credentials alone"),
    ],
)
def test_bad_proxies(keys: Mapping, told: str) -> None:
    findings = proxy(**keys)
    assert len(findings.problems) == 1
    assert str(findings.problems[0]).startswith(told)
    assert findings.problems[0].remedy


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("http://me:s3cret@proxy:3128", "contains a user name or password", id="user and password"),
        pytest.param("http://s3cret@proxy:3128", "contains a user name or password", id="a token"),
        pytest.param("http://me:s3c@ret@proxy:3128", "contains a user name or password", id="an @ in the password"),
        pytest.param("me:s3cret@proxy:3128", "is not the URL of a proxy", id="no scheme"),
        pytest.param("http://me:s3cret/@proxy:3128", "is not the URL of a proxy", id="a slash in the password"),
    ],
)
def test_credentials_in_a_url_are_refused_and_not_shown(url: str, message: str) -> None:
    (problem,) = proxy(https=url).problems
    assert str(problem).startswith(f"p.https = '***@proxy:3128': {message}")
    assert "s3c" not in str(problem)


def test_registries_without_the_proxy_are_a_warning() -> None:
    findings = proxy(http=URL)
    assert findings.problems == []
    assert findings.warnings == ["p: has no `https`: registries are reached without the proxy"]


def test_every_problem_is_told() -> None:
    findings = proxy(http="proxy", https="ftp://p", no_proxy=["a b", None, "c,d"], username="u")
    assert [each.variable for each in findings.problems] == [
        "p.http",
        "p.https",
        "p.no_proxy[0]",
        "p.no_proxy[2]",
        "p.password",
    ]


@pytest.mark.parametrize(
    ("server", "told"),
    [
        pytest.param("1.1.1.1", None, id="IPv4"),
        pytest.param("2606:4700:4700::1111", None, id="IPv6"),
        pytest.param("10.0.0.53", None, id="of a private network"),
        pytest.param("dns.example.com", "is not an IP address", id="a name"),
        pytest.param("1.1.1.1:53", "is not an IP address", id="a port"),
        pytest.param("1.1.1", "is not an IP address", id="an address cut off"),
        pytest.param("1.1.1.1 ", "is not an IP address", id="a space"),
        pytest.param("[2606:4700:4700::1111]", "is not an IP address", id="brackets"),
        pytest.param("10.0.0.0/8", "is not an IP address", id="a network"),
        pytest.param("", "is not an IP address", id="empty"),
        pytest.param("fe80::1%eth0", "is not an IP address", id="a zone, which is an interface of the host"),
        pytest.param("127.0.0.53", "is the loopback address of each container", id="systemd-resolved"),
        pytest.param("::1", "is the loopback address of each container", id="loopback, IPv6"),
    ],
)
def test_name_servers(server: str, told: str | None) -> None:
    findings = Findings()
    check_dns(["9.9.9.9", server], "d", findings)
    assert [str(each).partition(". ")[0] for each in findings.problems] == (
        [] if told is None else [f"d[1] = {server!r}: {told}"]
    )


def test_elements_of_the_wrong_type_were_told_already() -> None:
    findings = Findings()
    check_dns([None, "x"], "d", findings)
    assert [each.variable for each in findings.problems] == ["d[1]"]
