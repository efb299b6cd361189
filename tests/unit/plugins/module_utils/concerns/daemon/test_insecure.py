# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd takes without verified TLS, and how it shows that."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.insecure import (
    as_shown,
    insecure_notes,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry

NETWORK = (
    "10.0.0.0/8 of builder_registries only applies to docker: BuildKit does not support networks, so builders need each"
)
IPV6 = "[::1]:5000: dockerd 26.1.5 speaks HTTP to it; as 28.0 and newer does by itself, it tries TLS first with an"


@pytest.mark.parametrize(
    ("registries", "networks", "engine", "containerd_store", "told"),
    [
        pytest.param([], (), "26.1.5", True, [], id="nothing"),
        pytest.param([], ("10.0.0.0/8",), None, True, [NETWORK], id="a network"),
        pytest.param([Registry("[::1]:5000")], (), "26.1.5", True, [IPV6], id="::1 before 28.0"),
        pytest.param([Registry("[::1]:5000")], (), "28.0.0", True, [], id="::1 since 28.0"),
        pytest.param([Registry("[::1]:5000")], (), None, True, [], id="::1, and nobody knows with what"),
        pytest.param([Registry("[::1]:5000")], (), "26.1.5", False, [], id="the former image store tries TLS"),
        pytest.param([Registry("[::1]:5000", http=True)], (), "26.1.5", True, [], id="::1 without TLS"),
        pytest.param([Registry("[::1]:5000", insecure=True)], (), "26.1.5", True, [], id="::1, insecure"),
        pytest.param([Registry("127.0.0.1:5000")], (), "26.1.5", True, [], id="127.0.0.1"),
    ],
)
def test_insecure_notes(
    registries: list[Registry], networks: tuple[str, ...], engine: str | None, containerd_store: bool, told: list[str]
) -> None:
    found = insecure_notes(registries, networks, engine, containerd_store)
    assert [note[: len(start)] for note, start in zip(found, told)] == told


def test_the_network_that_helps_ends_the_note() -> None:
    (note,) = insecure_notes([Registry("[::1]:5000")], ("::1/128",), "26.1.5", True)
    assert note.startswith("::1/128 of builder_registries only applies to docker")


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("a.example:5000", "a.example:5000"),
        ("HTTP://a.example", "a.example"),
        ("https://a.example", "a.example"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.168.1.10/24", "192.168.1.0/24"),
        ("FD00:0::1/8", "fd00::/8"),
        ("10.0.0.1", "10.0.0.1"),
        ("a/b", "a/b"),
    ],
)
def test_as_shown(entry: str, shown: str) -> None:
    """Tried with `docker info` of 26.1.5 and 28.5.2."""
    assert as_shown(entry) == shown
