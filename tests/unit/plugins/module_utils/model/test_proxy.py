# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One proxy in the three forms that Docker wants it, with credentials that survive in a URL."""

from __future__ import annotations

import urllib.parse

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy

HTTP, HTTPS = "http://proxy.example:3128", "https://proxy.example:3129"


@pytest.mark.parametrize(
    ("proxy", "http", "https", "no_proxy"),
    [
        pytest.param(Proxy(), None, None, None, id="none"),
        pytest.param(Proxy(https=HTTP), None, HTTP, None, id="for https alone"),
        pytest.param(Proxy(http=HTTP), HTTP, None, None, id="for http alone"),
        pytest.param(
            Proxy(HTTP, HTTPS, ("localhost", ".example.com", "10.0.0.0/8")),
            HTTP,
            HTTPS,
            "localhost,.example.com,10.0.0.0/8",
            id="all, what is reached directly in its order",
        ),
        pytest.param(
            Proxy(HTTP, HTTPS, (), "me", "p@ss:w/rd"),
            "http://me:p%40ss%3Aw%2Frd@proxy.example:3128",
            "https://me:p%40ss%3Aw%2Frd@proxy.example:3129",
            None,
            id="credentials, for both",
        ),
        pytest.param(Proxy("", HTTP, (), "", ""), None, HTTP, None, id="empty texts are none"),
    ],
)
def test_the_three_forms(proxy: Proxy, http: str | None, https: str | None, no_proxy: str | None) -> None:
    forms = {
        ("http-proxy", "https-proxy", "no-proxy"): proxy.daemon_keys(),
        ("httpProxy", "httpsProxy", "noProxy"): proxy.client_keys(),
        ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"): proxy.environment(),
    }
    for names, form in forms.items():
        values = dict(zip(names, (http, https, no_proxy)))
        assert form == {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("me", "p@ss:w/rd", id="what separates the parts of a URL"),
        pytest.param("me@example.com", "?#[]%41", id="a domain in the name, and what is encoded already"),
        pytest.param("a:b", "c", id="a colon in the name"),
        pytest.param("mü", "名 \t\"'$", id="letters, spaces and quotes"),
        pytest.param("me", "", id="no password"),
    ],
)
def test_credentials_come_out_of_the_url_as_they_were(username: str, password: str) -> None:
    proxy = Proxy(https="http://[2001:db8::1]:3128", username=username, password=password)
    url = proxy.environment()["HTTPS_PROXY"]
    parts = urllib.parse.urlsplit(url)
    assert (parts.scheme, parts.hostname, parts.port) == ("http", "2001:db8::1", 3128)
    assert urllib.parse.unquote(parts.username or "") == username
    assert urllib.parse.unquote(parts.password or "") == password
    assert url.isascii()
    assert not set(url) & set(" \t\"'$,")
