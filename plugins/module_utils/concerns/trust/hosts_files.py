# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml in certs.d, of a registry or of one that it mirrors: without a file named there, dockerd pulls nothing.

containerd/containerd, core/remotes/docker/config/hosts.go, updateTLSConfigFromHost.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read


def naming(paths: t.Iterable[str]) -> t.Dict[str, str]:
    """{path: the hosts.toml that names it}, of those *paths* that any names."""
    asked = [each for each in paths if each.startswith(f"{certs_d.ROOT}/")]
    found: t.Dict[str, str] = {}
    for host in look.names(certs_d.ROOT) if asked else ():
        file = certs_d.path(host, certs_d.HOSTS)
        text = read(file, errors="replace") or ""
        for path in asked:
            beside = path.startswith(certs_d.path(host, ""))  # a file of its own folder may have a relative path
            names = (path, path.rpartition("/")[2]) if beside else (path,)
            if any(re.search(f"[\"']{re.escape(name)}[\"']", text) for name in names):
                found[path] = file
    return found


def notes_on(named: t.Mapping[str, str]) -> t.List[str]:
    """Why files are kept."""
    return [
        f"{path} is kept, as {file} names it: run with the concern daemon, which writes that file"
        for path, file in named.items()
    ]
