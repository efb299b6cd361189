# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls itself docker and is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import others
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on

# containers/podman, docker.in, as Debian 13 has it in podman-docker
PODMANS = '#!/bin/sh\n[ -e /etc/containers/nodocker ] || echo "Emulate Docker CLI" >&2\nexec /usr/bin/podman "$@"\n'


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Path]:
    """The path of `docker`; there is none yet."""
    with standing_on(replace(here(), programs=str(tmp_path))):
        yield tmp_path / "docker"


@pytest.mark.parametrize(
    ("content", "is_podman"),
    [
        pytest.param(PODMANS, True, id="podman-docker"),
        pytest.param('#!/bin/sh\nexec /opt/docker "$@"\n', False, id="a script of somebody's"),
        pytest.param("\x7fELF podman", False, id="a program"),
    ],
)
def test_a_client_that_starts_podman(content: str, is_podman: bool, client: Path) -> None:
    client.write_text(content)
    client.chmod(0o755)
    assert others.podman() == (str(client) if is_podman else None)


def test_a_client_that_is_a_link_to_podman(client: Path, tmp_path: Path) -> None:
    (tmp_path / "podman").write_bytes(b"\x7fELF")
    (tmp_path / "podman").chmod(0o755)
    client.symlink_to(tmp_path / "podman")
    assert others.podman() == str(client)


def test_no_client(client: Path) -> None:
    assert not client.exists()
    assert others.podman() is None


@pytest.mark.parametrize("folder", ["/snap/docker/current", "/var/lib/snapd/snap/docker/current"])
def test_docker_from_snap(folder: str, tmp_path: Path) -> None:
    assert others.snap() is None
    (tmp_path / folder[1:]).mkdir(parents=True)
    assert others.snap() == folder
