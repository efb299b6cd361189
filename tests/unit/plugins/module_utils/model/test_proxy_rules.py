# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which proxy leads where: the cases of golang.org/x/net/http/httpproxy."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import is_tunnel, proxy_for

URL = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("no_proxy", "name", "port", "direct"),
    [
        ((), "harbor.example", 443, False),
        ((), "localhost", 5000, True),
        ((), "127.0.0.9", 5000, True),
        ((), "::1", 5000, True),
        (("*",), "harbor.example", 443, True),
        (("example",), "harbor.example", 443, True),
        (("harbor.example",), "harbor.example", 443, True),
        (("Harbor.Example",), "HARBOR.example", 443, True),
        (("harbor.example",), "myharbor.example", 443, False),
        ((".example",), "harbor.example", 443, True),
        (("*.example",), "harbor.example", 443, True),
        ((".harbor.example",), "harbor.example", 443, False),
        (("harbor.example:443",), "harbor.example", 443, True),
        (("harbor.example:443",), "harbor.example", 5000, False),
        (("192.0.2.0/24",), "192.0.2.7", 443, True),
        (("192.0.2.0/24",), "198.51.100.7", 443, False),
        (("192.0.2.0/24",), "harbor.example", 443, False),
        (("192.0.2.7",), "192.0.2.7", 443, True),
        (("2001:db8::/32",), "2001:db8::1", 443, True),
        (("example", "b.example"), "192.0.2.7", 443, False),
    ],
)
def test_who_is_reached_directly(no_proxy: tuple[str, ...], name: str, port: int, direct: bool) -> None:
    found = proxy_for(Proxy(https=URL, no_proxy=no_proxy), "https", name, port)
    assert found == (None if direct else URL)


def test_each_scheme_has_a_proxy_of_its_own() -> None:
    proxy = Proxy(https=URL, username="ci", password="s3cret:/")
    assert proxy_for(proxy, "https", "a.b", 443) == "http://ci:s3cret%3A%2F@proxy.example:3128"
    assert proxy_for(proxy, "http", "a.b", 80) is None
    assert proxy_for(Proxy(), "https", "a.b", 443) is None


@pytest.mark.parametrize(("url", "tunnel"), [(None, True), (URL, True), ("https://p", False), ("socks5://p", False)])
def test_is_tunnel(url: str | None, tunnel: bool) -> None:
    assert is_tunnel(url) is tunnel
