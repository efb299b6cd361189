# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Docker would no longer show with another image store or data-root: reported beforehand."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    CONTAINERS,
    IMAGES,
    VOLUMES,
    Hiding,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import BUILDER_PREFIX
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import nearest_folder
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_PREDEFINED = ("bridge", "host", "none")
_STATE = "_state"  # docker/buildx, driver/docker-container/driver.go: the suffix of a builder's volume


@dataclass(frozen=True)
class Volumes:
    """Number and size of the volumes (bytes, None if unknown), and the same for those that are caches."""

    count: int = 0
    size: t.Optional[int] = None
    caches: int = 0
    cached: t.Optional[int] = None

    def __str__(self) -> str:
        """As `4 volumes (1.2 GB; 1 of them is a builder's cache, 1 GB)`."""
        told = [human_size.shown(self.size)] if self.size else []
        if self.caches:
            are = "is a builder's cache" if self.caches == 1 else "are builders' caches"
            told.append(f"{self.caches} of them {are}" + (f", {human_size.shown(self.cached)}" if self.cached else ""))
        return f"{self.count} volumes" + (f" ({'; '.join(told)})" if told else "")


@dataclass(frozen=True)
class Vanishing:
    """*size* of the layers and *free* space at *place*, the folder used then, in bytes; None if unknown.

    *where* is its location. None for *images* or *volumes*: they are still shown.
    """

    where: str
    images: t.Optional[int]
    containers: int
    size: t.Optional[int] = None
    place: str = ""
    free: t.Optional[int] = None
    volumes: t.Optional[Volumes] = None
    networks: int = 0
    swarm: bool = False

    def __bool__(self) -> bool:
        volumes = self.volumes.count if self.volumes else 0
        return bool(self.images or self.containers or volumes or self.networks or self.swarm)

    @property
    def things(self) -> str:
        """The hidden data, as text."""
        parts = [] if self.images is None else [f"{self.images} images{_sized(self.size)}"]
        parts.append(f"{self.containers} containers")
        parts += [str(self.volumes)] if self.volumes else []
        parts += [f"{self.networks} networks"] if self.networks else []
        parts += ["its swarm membership"] if self.swarm else []
        return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))

    def __str__(self) -> str:
        told = f"{self.things} {self.where}"
        return told if self.free is None else f"{told}; {self.place} has {human_size.shown(self.free)} free"

    def without(self, images: int, containers: int, volumes: int) -> Vanishing:
        """The same in short form."""
        kept = self.volumes and replace(self.volumes, count=max(0, self.volumes.count - volumes))
        left = None if self.images is None else max(0, self.images - images)
        return replace(self, images=left, containers=max(0, self.containers - containers), volumes=kept)


def vanishing(docker: Docker, info: t.Mapping[str, t.Any], hiding: Hiding) -> Vanishing:
    """What a change hides. Sizes are only queried if there is something."""
    images = int(info.get("Images", 0)) if IMAGES in hiding.kinds else None
    containers = int(info.get("Containers", 0)) if CONTAINERS in hiding.kinds else 0
    where = f"of the image store {info.get('Driver')}"
    found = Vanishing(where, images, containers, place=hiding.place, free=_free(hiding.place))
    if VOLUMES in hiding.kinds:
        swarm = (info.get("Swarm") or {}).get("LocalNodeState") not in (None, "", "inactive")
        networks = [each for each in docker.get("/networks") if each.get("Name") not in _PREDEFINED]
        where = f"in {info.get('DockerRootDir')}"
        found = replace(found, where=where, volumes=_volumes(docker), networks=len(networks), swarm=swarm)
    return replace(found, size=_layers(docker)) if images or (containers and images is not None) else found


def needs_leave(hiding: Hiding, hidden: Vanishing) -> str:
    """The message that *hiding* needs permission, with the alternatives."""
    moved = f", or move the data with builder_data_roots: {{docker: {hiding.then}}}"
    return (
        f"with {hiding}, Docker would no longer show {hidden} (what is hidden stays on disk{_caches(hidden)}): set "
        f"{hiding.leave}: true, or keep {_kept(hiding)} with builder_daemon_options: {hiding.keep}"
        + (moved if hiding.path == ("data-root",) else "")
    )


def way_out(hiding: Hiding, hidden: Vanishing) -> str:
    """What is hidden with permission, where it is kept, and how to show it again."""
    return f"{hidden}; it stays on disk{_caches(hidden)}; builder_daemon_options: {hiding.keep} shows it again"


def _caches(hidden: Vanishing) -> str:
    return ", and builders start with empty caches" if hidden.volumes and hidden.volumes.caches else ""


def _kept(hiding: Hiding) -> str:
    return "the folder" if hiding.moves_root else "the store"


def _layers(docker: Docker) -> t.Optional[int]:
    try:
        told = docker.get("/system/df?type=image")
    except HostError:  # it takes minutes on a slow disk, and the number is optional
        return None
    found = told.get("LayersSize", (told.get("ImageUsage") or {}).get("TotalSize"))  # since API 1.52
    return found if isinstance(found, int) else None


def _volumes(docker: Docker) -> Volumes:
    names = [str(each.get("Name")) for each in docker.get("/volumes").get("Volumes") or ()]
    caches = [each for each in names if each.startswith(BUILDER_PREFIX) and each.endswith(_STATE)]
    sizes = _sizes(docker) if names else {}
    return Volumes(len(names), _sum(sizes, names), len(caches), _sum(sizes, caches))


def _sizes(docker: Docker) -> t.Dict[str, int]:
    """{name: bytes}; optional, like the size of images."""
    try:
        told = docker.get("/system/df?type=volume&verbose=1")
    except HostError:
        return {}
    rows = told.get("Volumes") or (told.get("VolumeUsage") or {}).get("Items") or ()  # since API 1.52
    return {str(each.get("Name")): int((each.get("UsageData") or {}).get("Size", -1)) for each in rows}


def _sum(sizes: t.Mapping[str, int], names: t.Sequence[str]) -> t.Optional[int]:
    found = [sizes.get(each, -1) for each in names]
    return None if any(each < 0 for each in found) else sum(found)


def _free(place: str) -> t.Optional[int]:
    folder = nearest_folder(place) if place else None
    if folder is None:
        return None
    found = look.file_system(folder)
    return found.f_bavail * found.f_frsize


def _sized(size: t.Optional[int]) -> str:
    return f" ({human_size.shown(size)})" if size else ""
