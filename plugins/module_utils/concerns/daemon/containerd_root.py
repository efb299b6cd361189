# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of containerd, which is not managed here: if it changes, images and layers of its store are hidden.

Docker still lists the containers whose layers were left behind, but cannot control them; 28.5 no longer lists them
after its next start. Their processes may run on unseen, and keep files open until a reboot (seen with 26.1.5
and 28.5.2).
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import has_containerd_store
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import (
    DATABASE,
    Containerd,
    of_dockerd,
    root_at_start,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves

_BACK = "configure that folder again (`root` in /etc/containerd/config.toml, `--root` in its unit) and reboot"


def remember(docker: Docker) -> None:
    """Record its current folder, when dockerd is in its desired state."""
    info = docker.get("/info")
    found = of_dockerd(info, {}) if has_containerd_store(info) else None
    if found is not None:
        root = found.root
        RECORD.update(lambda known: replace(known, containerd_root=root))


def notes(info: Mapping[str, t.Any], found: t.Optional[Containerd]) -> t.Tuple[str, ...]:
    """Notes that it moved, or will at its next start, while Docker has images in it."""
    if found is None or not has_containerd_store(info):
        return ()
    told, then, former = [], root_at_start(found.arguments, read), _former(found)
    if then is not None and then != found.root and (info.get("Images") or info.get("Containers")):
        images, containers = info.get("Images", 0), info.get("Containers", 0)
        told.append(
            f"containerd keeps its data in {found.root} now, and in {then} after its next start: then Docker would "
            f"no longer show {images} images or start {containers} containers, which stay in {found.root}. Move all "
            "of it while docker and containerd are stopped, or revert the change"
        )
    if former is not None:
        told.append(
            f"containerd keeps its data in {found.root}, and kept it in {former} before: Docker does not show the "
            f"images and containers there. To restore them, {_BACK}; else remove {former}"
        )
    return tuple(told)


def stranded(info: Mapping[str, t.Any], found: t.Optional[Containerd], docker: Docker) -> t.Optional[HostError]:
    """A message if containerd moved while Docker still lists its containers."""
    former = _former(found) if found is not None and has_containerd_store(info) else None
    if found is None or former is None:
        return None
    rows = docker.get("/containers/json?all=1")
    lost = [str(row["Names"][0]).lstrip("/") for row in rows if docker.find(f"/images/{row['ImageID']}/json") is None]
    if not lost:
        return None
    return HostError(
        f"containerd keeps its data in {found.root}, and kept it in {former} when this host was provisioned: "
        f"images and layers of {', '.join(lost)} are not in it, so docker cannot control them",
        remedy=f"To restore them, {_BACK}; to discard them, `docker rm --force {' '.join(lost)}`",
    )


def _former(found: Containerd) -> t.Optional[str]:
    """Its former folder, if that differs and still has its data."""
    former, move = RECORD.read().containerd_root, data_moves.RECORD.read().containerd
    if move is not None and move.source == former:  # its data was moved along
        return None
    if not former or former == found.root or not look.is_file(f"{former}{DATABASE}"):
        return None
    return former
