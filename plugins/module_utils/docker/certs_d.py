# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's configuration folder for single registries. Pure.

https://docs.docker.com/engine/security/certificates/ : `*.crt` are CAs, `NAME.cert` and `NAME.key` a client's pair.
`hosts.toml` (containerd, docs/hosts.md) is read since 28.0 (moby/moby, daemon/hosts.go) and then takes precedence over
all else for its registry. All are read for every connection. A rootless dockerd uses a folder of its user
(moby/moby, daemon/pkg/registry/config.go).
"""

from __future__ import annotations

import typing as t

ROOT = "/etc/docker/certs.d"
CA, CLIENT_CERT, CLIENT_KEY, HOSTS = "ca.crt", "client.cert", "client.key", "hosts.toml"
NAMES = (CA, CLIENT_CERT, CLIENT_KEY)


def path(host: str, name: str, root: str = ROOT) -> str:
    """The file *name* of the registry *host*."""
    return f"{root}/{host}/{name}"


def instead_of(host: str) -> t.Optional[str]:
    """The folder that dockerd prefers to that of *host* if it exists, since 28.0; None if there is none.

    containerd/containerd, core/remotes/docker/config/hosts.go, hostDirectory.
    """
    name, colon, port = host.rpartition(":")
    return f"{ROOT}/{name}_{port}_" if colon else None


def rootless_root(home: str) -> str:
    """The equivalent of ROOT for a rootless dockerd of the user with this home."""
    return f"{home}/.config/docker/certs.d"


def holds(path: str) -> bool:
    """Whether *path* is in such a folder, root's or a user's."""
    return "/docker/certs.d/" in path
