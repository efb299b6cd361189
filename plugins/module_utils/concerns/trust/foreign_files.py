# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Foreign files in a registry's folder of certs.d with which dockerd refuses to connect to it.

moby/moby, daemon/pkg/registry/registry.go, loadTLSConfig; since 28.0, with the containerd image store,
containerd/containerd, core/remotes/docker/config/hosts.go, loadCertFiles and tlsConfigFromHost.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry


def notes_on(
    registries: t.Sequence[Registry], wanted: t.Collection[str], ours: t.Collection[str] = ()
) -> t.Tuple[str, ...]:
    """Notes on the files beside those that are *wanted* (their paths), and beside *ours*, some of which may go."""
    found: t.List[str] = []
    for each in registries:
        folder = certs_d.path(each.host, "")
        theirs = [name for name in look.names(folder) if folder + name not in (*wanted, *ours)]
        every = {*theirs, *(name for name in certs_d.NAMES if folder + name in wanted)}
        told = {name: _problem(folder, name, every, f"so docker refuses to connect to {each.host}") for name in theirs}
        found += [f"{folder}{name} is unmanaged {what}" for name, what in told.items() if what]
    return tuple(found)


def _problem(folder: str, name: str, names: t.Container[str], refuses: str) -> str:
    """What is wrong with a foreign file beside *names*, and the remedy; "" if nothing is. *refuses* is what follows."""
    stem, _dot, kind = name.rpartition(".")
    if kind not in ("crt", "cert", "key"):
        return ""
    if kind == "key":
        alone = f"and has no {stem}.cert beside it, {refuses} without the containerd image store: remove it"
        return "" if f"{stem}.cert" in names else alone
    if not look.exists(folder + name):
        return f"and a link to a missing file, {refuses}: remove it"
    if kind == "cert":
        alone = f"and has no {stem}.key beside it, {refuses}: rename it to {stem}.crt if it is a CA, or remove it"
        return "" if f"{stem}.key" in names else alone
    if look.is_file(folder + name) and not blocks(read(folder + name, errors="replace") or ""):
        return f"and holds no certificate in PEM, {refuses} since 28.0: remove it, or convert it with `openssl x509`"
    return ""
