# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's folder of what it knows about single registries. Pure.

https://docs.docker.com/engine/security/certificates/ : `*.crt` are CAs, `NAME.cert` and `NAME.key` a client's pair.
`hosts.toml` (containerd, docs/hosts.md) is read since 28.0 (moby/moby, daemon/hosts.go) and is then the only thing that
counts for its registry. All are read at every connection. A rootless dockerd has a folder of its user's own
(moby/moby, daemon/pkg/registry/config.go).
"""

from __future__ import annotations

ROOT = "/etc/docker/certs.d"
CA, CLIENT_CERT, CLIENT_KEY, HOSTS = "ca.crt", "client.cert", "client.key", "hosts.toml"


def path(host: str, name: str, root: str = ROOT) -> str:
    """The file *name* of the registry *host*."""
    return f"{root}/{host}/{name}"


def rootless_root(home: str) -> str:
    """What ROOT is to a rootless dockerd of the user with this home."""
    return f"{home}/.config/docker/certs.d"


def holds(path: str) -> bool:
    """Whether *path* is in such a folder, of root or of a user."""
    return "/docker/certs.d/" in path
