# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an installed program is, by dpkg's lists of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import packages
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DOCKERS,
    has_program,
)

# dpkg-query --listfiles docker.io and docker-ce, in part
DEBIANS = "/.\n/etc\n/etc/default/docker\n/usr\n/usr/sbin/docker-proxy\n/usr/sbin/dockerd\n"
DOCKERS_OWN = "/.\n/usr/bin/docker-proxy\n/usr/bin/dockerd\n/usr/libexec/docker/docker-init\n"
PLUGIN = "/usr/libexec/docker/cli-plugins/docker-buildx\n"
REMOVED = "/etc\n/etc/default\n/etc/default/docker\n"  # what dpkg lists of a package that was removed, not purged


@pytest.mark.parametrize(
    ("files", "program", "has"),
    [
        pytest.param(DEBIANS, "dockerd", True, id="docker.io"),
        pytest.param(DOCKERS_OWN, "dockerd", True, id="docker-ce"),
        pytest.param(DOCKERS_OWN, "docker", False, id="of a longer name"),
        pytest.param(PLUGIN, "docker-buildx", True, id="a plugin"),
        pytest.param(REMOVED, "dockerd", False, id="removed, not purged"),
        pytest.param("", "dockerd", False, id="never installed"),
    ],
)
def test_programs_of_packages(files: str, program: str, has: bool) -> None:
    assert has_program(files, program) is has


def listed(root: Path, **files: str) -> None:
    """What dpkg lists of packages, by their names with _ for a dash or a dot."""
    folder = root / "var/lib/dpkg/info"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.replace('__', '.').replace('_', '-')}.list").write_text(text)


def test_what_excludes_dockers_own_packages(tmp_path: Path) -> None:
    assert packages.excluding() == ()
    listed(tmp_path, docker__io=DEBIANS, docker_buildx=PLUGIN, containerd="/usr/bin/containerd\n", runc=REMOVED)
    assert packages.excluding() == ("docker.io", "docker-buildx", "containerd")
    assert packages.has("docker.io", "dockerd")
    assert not packages.has("docker-ce", "dockerd")


def test_what_a_bare_host_lacks_of_dockers_own() -> None:
    lacking = packages.missing(DOCKERS, dockerd=False, buildx=False)
    assert lacking[0] == "docker-ce"
    assert "docker-buildx-plugin" in lacking
