# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of loopback. Origin: containerd, core/remotes/docker/registry.go, MatchLocalhost."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import (
    is_loopback,
    needs_ipv6_loopback,
    takes_http,
)


@pytest.mark.parametrize(
    ("host", "http", "loopback"),
    [
        ("localhost", True, True),
        ("localhost:5443", True, True),
        ("127.0.0.1", True, True),
        ("127.0.0.1:5000", True, True),
        ("127.5.5.5:80", True, True),
        ("127.255.255.255", True, True),
        ("[::1]", True, True),
        ("[::1]:5000", True, True),
        ("[0:0:0:0:0:0:0:1]:5000", True, True),
        ("[::ffff:127.0.0.1]:5000", True, True),
        # What its parser of addresses does not take with brackets.
        ("[0:0:0:0:0:0:0:1]", False, False),
        ("[::ffff:127.0.0.1]", False, False),
        # Names that resolve to loopback: for TLS they are as any other.
        ("registry.localhost", False, True),
        ("registry.localhost:5000", False, True),
        ("localhost.localdomain:5000", False, False),
        ("notlocalhost:5000", False, False),
        ("128.0.0.1", False, False),
        ("0.0.0.0:5000", False, False),
        ("127.1:5000", False, False),
        ("[::2]:5000", False, False),
        ("harbor.example.com:8443", False, False),
    ],
)
def test_names(host: str, http: bool, loopback: bool) -> None:
    assert (takes_http(host), is_loopback(host)) == (http, loopback)


@pytest.mark.parametrize(
    ("host", "engine", "needed"),
    [
        pytest.param("[::1]:5000", "26.1.5+dfsg1", True, id="Docker 26.1"),
        pytest.param("[::1]:5000", "27.5.1", True, id="the last before"),
        pytest.param("[::1]:5000", "28.0.0", False, id="it has ::1/128 by itself"),
        pytest.param("[::1]:5000", None, False, id="unknown"),
        pytest.param("127.0.0.1:5000", "26.1.5", False, id="127.0.0.0/8 is known to all"),
        pytest.param("localhost", "26.1.5", False, id="localhost"),
        pytest.param("[2001:db8::1]:5000", "26.1.5", False, id="another address"),
    ],
)
def test_needs_ipv6_loopback(host: str, engine: str | None, needed: bool) -> None:
    assert needs_ipv6_loopback(host, engine) is needed
