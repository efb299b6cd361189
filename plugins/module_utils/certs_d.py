# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's folder of what it knows about single registries. Pure.

https://docs.docker.com/engine/security/certificates/ : `*.crt` are CAs, `NAME.cert` and `NAME.key` a client's pair.
`hosts.toml` (containerd, docs/hosts.md) is read since 28.0 (moby/moby, daemon/hosts.go) and is then the only thing that
counts for its registry. All are read at every connection.
"""

from __future__ import annotations

ROOT = "/etc/docker/certs.d"
CA, CLIENT_CERT, CLIENT_KEY, HOSTS = "ca.crt", "client.cert", "client.key", "hosts.toml"


def path(host: str, name: str) -> str:
    """The file *name* of the registry *host*."""
    return f"{ROOT}/{host}/{name}"
