# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Docker shows no more once it runs with another image store: told before that happens."""

from __future__ import annotations

import os
import pathlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

# Where containerd keeps the images of its store, whatever dockerd's data-root is.
_CONTAINERD = "/var/lib/containerd"


@dataclass(frozen=True)
class Vanishing:
    """*size* of the layers and *free* space for those of the next store, in bytes; None if it cannot be told."""

    store: str
    images: int
    containers: int
    size: t.Optional[int]
    place: str
    free: t.Optional[int]

    def __bool__(self) -> bool:
        return bool(self.images or self.containers)

    def __str__(self) -> str:
        size = f" ({_words(self.size)})" if self.size else ""
        what = f"{self.images} images{size} and {self.containers} containers of the image store {self.store}"
        return what if self.free is None else f"{what}; {self.place} has {_words(self.free)} free"


def vanishing(docker: Docker, info: t.Mapping[str, t.Any], *, to_containerd: bool) -> Vanishing:
    """What a switch of the image store hides. Asks for sizes only if there is something."""
    images, containers = int(info.get("Images", 0)), int(info.get("Containers", 0))
    place = _CONTAINERD if to_containerd else str(info.get("DockerRootDir", "/var/lib/docker"))
    size = _layers(docker) if images or containers else None
    return Vanishing(str(info.get("Driver")), images, containers, size, place, _free(place))


def _layers(docker: Docker) -> t.Optional[int]:
    try:
        found = docker.get("/system/df?type=image").get("LayersSize")
    except HostError:  # it takes minutes on a slow disk; the number is a comfort, no condition
        return None
    return found if isinstance(found, int) else None


def _free(place: str) -> t.Optional[int]:
    for folder in (pathlib.Path(place), *pathlib.Path(place).parents):
        if folder.is_dir():
            found = os.statvfs(folder)
            return found.f_bavail * found.f_frsize
    return None


def _words(size: int) -> str:
    """A size as people read it, in units of 1000 as Docker shows them."""
    number = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:  # what rounds to 1000 is 1 of the next
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"
