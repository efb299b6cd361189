# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of registries and mirrors. Origins: Docker's grammar of image names; BuildKit's and buildx's use of them."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_names import (
    HostNameError,
    certificate_folder,
    check_host,
    check_mirror,
    check_network,
    looks_like_network,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        pytest.param("docker.io", "docker.io", id="Docker Hub"),
        pytest.param("harbor.example.com:8443", "harbor.example.com:8443", id="with port"),
        pytest.param("Harbor.Example.COM", "harbor.example.com", id="upper case"),
        pytest.param("10.0.0.1:5000", "10.0.0.1:5000", id="IPv4"),
        pytest.param("[2001:DB8::1]:5000", "[2001:db8::1]:5000", id="IPv6 with port"),
        pytest.param("[::1]", "[::1]", id="IPv6"),
        pytest.param("localhost:5000", "localhost:5000", id="localhost"),
        pytest.param("xn--bcher-kva.example", "xn--bcher-kva.example", id="punycode"),
        pytest.param("h:00443", "h:443", id="zeros before the port"),
    ],
)
def test_a_host_in_its_one_form(text: str, host: str) -> None:
    assert check_host(text) == host


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        pytest.param("", "is empty", "host[:port]", id="empty"),
        pytest.param("https://harbor.example.com", "has a scheme", "host[:port] only", id="https"),
        pytest.param("http://h:80", "has a scheme", "`http: true`", id="http"),
        pytest.param("h.example/dockerhub", "has a path", "only mirrors may", id="path"),
        pytest.param("h.example/", "has a path", "only", id="slash at the end"),
        pytest.param("../../etc", "has a path", "only", id="traversal"),
        pytest.param("..", "is not a host name", "'-' and '.'", id="dots"),
        pytest.param("a..b", "is not a host name", "'-' and '.'", id="empty label"),
        pytest.param("a" * 60 + ".a" * 71, "longer than 200", "a shorter name", id="too long for a file"),
        pytest.param("a b", "space or a control", "without", id="space"),
        pytest.param("a\nb", "space or a control", "without", id="newline"),
        pytest.param("a\x00b", "space or a control", "without", id="NUL"),
        pytest.param("me:pw@h", "user name or password", "`password`", id="login in the name"),
        pytest.param("a_443", "is not a host name", "cannot have '_'", id="underscore"),
        pytest.param("-a.example", "is not a host name", "letters", id="dash first"),
        pytest.param("h:", "no valid port ('')", "1 to 65535", id="empty port"),
        pytest.param("h:0", "no valid port ('0')", "1 to 65535", id="port 0"),
        pytest.param("h:65536", "no valid port", "1 to 65535", id="port too large"),
        pytest.param("h:https", "no valid port ('https')", "1 to 65535", id="port by name"),
        pytest.param("h:٤٤٣", "no valid port", "1 to 65535", id="digits that are not ASCII"),
        pytest.param("Bücher.example:5000", "is not ASCII", "Write xn--bcher-kva.example", id="umlaut"),
        pytest.param("harbor.\u212aelvin.example", "is not ASCII", "harbor.kelvin.example", id="a sign for Kelvin"),
        pytest.param("\u00fc" * 64, "is not ASCII", "xn--", id="a label that is too long for DNS"),
        pytest.param("2001:db8::1", "more than one colon", "brackets", id="bare IPv6"),
        pytest.param("[::1", "not an IPv6 address", "[2001:db8::1]:5000", id="bracket open"),
        pytest.param("[::1]5000", "not an IPv6 address", "[2001:db8::1]:5000", id="no colon after the bracket"),
        pytest.param("[fe80::1%eth0]", "not an IPv6 address", "without a zone", id="zone"),
        pytest.param("[1.2.3.4]", "not an IPv6 address", "[2001:db8::1]:5000", id="IPv4 in brackets"),
        pytest.param("index.docker.io", "another name of Docker Hub", "docker.io", id="index.docker.io"),
        pytest.param("Registry-1.docker.io", "another name of Docker Hub", "docker.io", id="registry-1"),
        pytest.param("docker.io:443", "another name of Docker Hub", "docker.io", id="docker.io:443"),
    ],
)
def test_a_bad_host_is_refused_with_a_remedy(text: str, message: str, remedy: str) -> None:
    with pytest.raises(HostNameError) as caught:
        check_host(text)
    assert message in str(caught.value)
    assert remedy in caught.value.remedy
    assert "pw" not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        pytest.param("mirror.gcr.io", ("mirror.gcr.io", ""), id="host"),
        pytest.param("harbor.example.com/dockerhub", ("harbor.example.com", "/dockerhub"), id="Harbor's proxy cache"),
        pytest.param("H:5000/a/b-c_d.e", ("h:5000", "/a/b-c_d.e"), id="deep path, host in upper case"),
        pytest.param("[::1]:5000/x", ("[::1]:5000", "/x"), id="IPv6"),
    ],
)
def test_a_mirror_in_its_one_form(text: str, mirror: tuple[str, str]) -> None:
    assert check_mirror(text) == mirror


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        pytest.param("http://m:5000/x", "has a scheme", "m:5000/x; for a mirror without TLS", id="scheme"),
        pytest.param("m.example/../x", "path", "lower-case", id="traversal"),
        pytest.param("m.example/x/", "path", "host[:port]/project", id="slash at the end"),
        pytest.param("m.example//x", "path", "host[:port]/project", id="two slashes"),
        pytest.param("m.example/Docker", "path", "lower-case", id="upper case in the path"),
        pytest.param("m.example/v2/x", "/v2 in its path", "Remove it: BuildKit adds /v2", id="the API's path"),
        pytest.param("/x", "is empty", "host[:port]", id="no host"),
        pytest.param("https://me:pw@m/x", "user name or password", "`username`", id="login in the URL"),
    ],
)
def test_a_bad_mirror_is_refused_with_a_remedy(text: str, message: str, remedy: str) -> None:
    with pytest.raises(HostNameError) as caught:
        check_mirror(text)
    assert message in str(caught.value)
    assert remedy in caught.value.remedy
    assert "pw" not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize(
    ("host", "folder"),
    [("a.b-c:443", "a.b-c_443"), ("a_443", "a_443"), ("[::1]:5000", "_1_5000")],
)
def test_the_folder_buildx_makes(host: str, folder: str) -> None:
    assert certificate_folder(host) == folder


@pytest.mark.parametrize(
    ("text", "network"),
    [
        pytest.param("10.0.0.0/8", "10.0.0.0/8", id="IPv4"),
        pytest.param("192.168.1.10/24", "192.168.1.0/24", id="the bits of a host go, as dockerd shows it"),
        pytest.param("10.0.0.1/32", "10.0.0.1/32", id="one address"),
        pytest.param("0.0.0.0/0", "0.0.0.0/0", id="every address"),
        pytest.param("FD00:0:0::1/8", "fd00::/8", id="IPv6"),
        pytest.param("::1/128", "::1/128", id="loopback"),
    ],
)
def test_a_network_in_its_one_form(text: str, network: str) -> None:
    assert looks_like_network(text)
    assert check_network(text) == network


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("10.0.0.0/33", "is not a network", id="a prefix that is too long"),
        pytest.param("10.0.0.0/", "is not a network", id="no prefix"),
        pytest.param("10.0.0.0/255.0.0.0", "is not a network", id="a netmask, which Go does not take"),
        pytest.param("10.0.0/8", "is not a network", id="three numbers"),
        pytest.param("010.0.0.0/8", "is not a network", id="a zero in front"),
        pytest.param("256.0.0.0/8", "is not a network", id="no byte"),
        pytest.param("[fd00::]/8", "is not a network", id="brackets"),
        pytest.param("fd00::/129", "is not a network", id="a prefix that is too long for IPv6"),
        pytest.param("::ffff:10.0.0.0/104", "is an IPv4-mapped IPv6 network", id="IPv4 in IPv6"),
    ],
)
def test_what_was_meant_to_be_a_network(text: str, message: str) -> None:
    assert looks_like_network(text)
    with pytest.raises(HostNameError, match=message) as caught:
        check_network(text)
    assert "10.0.0.0/8" in caught.value.remedy


@pytest.mark.parametrize(
    "text", ["a.b/8", "10.0.0.1/project", "harbor/24", "cafe.de/8", "10.0.0.1:5000", "../8", "h/", ""]
)
def test_what_was_not(text: str) -> None:
    assert not looks_like_network(text)
