# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of Docker and buildx: the distribution's, Docker's own, and those that exclude them. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

CERTIFICATES = "ca-certificates"
APPARMOR = "apparmor"


@dataclass(frozen=True)
class Names:
    """The packages of one source: *engine* has dockerd, *client* docker, *buildx* its plugin; both first in a version.

    *runtimes* are what else an upgrade changes, and a way back needs.
    """

    engine: str
    client: str
    buildx: str
    runtimes: t.Tuple[str, ...]

    @property
    def every(self) -> t.Tuple[str, ...]:
        """All of them."""
        return (self.engine, self.client, self.buildx, *self.runtimes)


# Debian 13 and newer have the client and buildx as packages of their own, Debian 12 and Ubuntu the client in docker.io,
# Debian 12 no buildx. apt knows; nothing here asks for a release.
DISTRIBUTION = Names("docker.io", "docker-cli", "docker-buildx", ("containerd", "runc", "tini", "tini-static"))
# docker/docker-ce-packaging, deb/common/control; docker/containerd-packaging, debian/control: containerd.io has runc.
DOCKERS = Names("docker-ce", "docker-ce-cli", "docker-buildx-plugin", ("containerd.io", "docker-ce-rootless-extras"))
OF = {"distro": DISTRIBUTION, "docker": DOCKERS}
"""By the value of builder_engine."""

# Conflicts of docker-ce, docker-ce-cli and containerd.io, or files of docker-buildx-plugin, with a program of each.
# Microsoft's packages are called moby-* (Azure's images).
EXCLUDING = {
    **{"docker.io": "dockerd", "docker-cli": "docker", "docker-buildx": "docker-buildx"},
    **{"containerd": "containerd", "runc": "runc"},
    **{"moby-engine": "dockerd", "moby-cli": "docker", "moby-buildx": "docker-buildx"},
    **{"moby-containerd": "containerd", "moby-runc": "runc"},
}


def has_program(files: str, program: str) -> bool:
    """Whether a package with these *files*, as dpkg lists them, has *program*: one that was removed has it no more."""
    return (
        re.search(rf"^/(?:usr/)?(?:s?bin|libexec/\S+|lib/\S+)/{re.escape(program)}$", files, re.MULTILINE) is not None
    )
