# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of registries."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import (
    address_of,
    names_of,
    split_repository,
)


@pytest.mark.parametrize(
    ("host", "http", "names", "address"),
    [
        pytest.param("a.b", False, ("a.b", "a.b:443"), ("a.b", 443), id="no port"),
        pytest.param("a.b:443", False, ("a.b:443", "a.b"), ("a.b", 443), id="the usual port"),
        pytest.param("a.b:5443", False, ("a.b:5443",), ("a.b", 5443), id="a port that ends alike"),
        pytest.param("a.b", True, ("a.b", "a.b:80"), ("a.b", 80), id="HTTP"),
        pytest.param("a.b:80", True, ("a.b:80", "a.b"), ("a.b", 80), id="HTTP, the usual port"),
        pytest.param("a.b:443", True, ("a.b:443",), ("a.b", 443), id="HTTP on the port of TLS"),
        pytest.param("[::1]", False, ("[::1]", "[::1]:443"), ("::1", 443), id="IPv6"),
        pytest.param("[::1]:443", False, ("[::1]:443", "[::1]"), ("::1", 443), id="IPv6, the usual port"),
        pytest.param("[::443]", False, ("[::443]", "[::443]:443"), ("::443", 443), id="an address that ends alike"),
    ],
)
def test_names_and_address(host: str, http: bool, names: tuple[str, ...], address: tuple[str, int]) -> None:
    assert names_of(host, http=http) == names
    assert {address_of(name, http=http) for name in names} == {address}


@pytest.mark.parametrize(
    ("repository", "split"),
    [
        pytest.param("alpine", ("docker.io", "library/alpine"), id="Docker Hub's own"),
        pytest.param("org/app", ("docker.io", "org/app"), id="of somebody there"),
        pytest.param("docker.io/alpine", ("docker.io", "library/alpine"), id="by its name"),
        pytest.param("localhost/app", ("localhost", "app"), id="loopback"),
        pytest.param("harbor:5000/a/b", ("harbor:5000", "a/b"), id="a port"),
        pytest.param("[::1]/app", ("[::1]", "app"), id="IPv6"),
    ],
)
def test_a_repository(repository: str, split: tuple[str, str]) -> None:
    assert split_repository(repository) == split
