# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`root` in the files that containerd's packages ship, and in others: set there, and nothing else changes."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd_config import root_in, with_root

DEBIAN = 'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    root = "/of/a/table"\n'
DOCKER = '#   Licensed\n\ndisabled_plugins = ["cri"]\n\n#root = "/var/lib/containerd"\n#state = "/run/containerd"\n'
LINES = 'required_plugins = [\n  "a",\n  ["b"]\n]\nroot = "/not/seen"\n'


@pytest.mark.parametrize(
    ("text", "root"),
    [
        (DEBIAN, None),
        (DOCKER, None),
        ("", None),
        ('root = ""\n', None),
        ("version = 3\nroot = '/srv/c' # ours\n[grpc]\n", "/srv/c"),
        ('  root="/srv/c"', "/srv/c"),
    ],
)
def test_the_root_of_a_file(text: str, root: str | None) -> None:
    assert root_in(text) == root


@pytest.mark.parametrize("text", [DEBIAN, DOCKER, LINES])
def test_it_is_put_first(text: str) -> None:
    found = with_root(text, "/srv/c")
    assert found == f'root = "/srv/c"\n{text}'
    assert root_in(found) == "/srv/c"


def test_it_is_replaced_in_its_place() -> None:
    assert with_root("version = 2\n root = '/a' # old\nstate = '/b'\n[x]\n", "/c") == (
        "version = 2\n root = '/c' # old\nstate = '/b'\n[x]\n"
    )


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_file_of_its_own(text: str | None) -> None:
    assert with_root(text, "/c") == 'version = 2\nroot = "/c"\n'
