# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that we pulled: recorded before the pull, and removed later unless something else uses them."""

from __future__ import annotations

import json
import typing as t
import urllib.parse
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, local_reference
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Action, Departure
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class PulledImage:
    """*reference* as it was pulled, at a node's *endpoint* ("" for this host's dockerd), reached as *user*."""

    reference: str
    endpoint: str = ""
    user: str = "root"


@dataclass(frozen=True)
class WithImages:
    """What a concern remembers that pulls *images*."""

    images: t.Tuple[PulledImage, ...] = ()


R = t.TypeVar("R", bound=WithImages)


def note(record: RecordFile[R], image: PulledImage, docker: Docker) -> None:
    """Record that we pull *image*, unless that dockerd has it already."""
    if image not in record.read().images and _of(image, docker) is None:
        record.update(lambda found: replace(found, images=(*found.images, image)))


def require_docker(images: t.Iterable[PulledImage], docker: Docker) -> bool:
    """Whether this host's dockerd answers; *images* are gone if Docker is. Raises HostError if it only does not run."""
    if docker.answers():
        return True
    ours = [each.reference for each in images if not each.endpoint]
    if ours and service.installed_version() is not None:
        raise HostError(
            f"docker does not run, so image {', '.join(ours)} cannot be removed",
            remedy="Start it with `systemctl start docker`, then retry",
        )
    return False


def is_there(image: PulledImage, docker: Docker) -> bool:
    """Whether that dockerd has it."""
    return _of(image, docker) is not None


def users_of(image: PulledImage, docker: Docker) -> t.Tuple[str, ...]:
    """The containers of that dockerd that use it, running or not."""
    query = urllib.parse.quote(json.dumps({"ancestor": [local_reference(image.reference)]}))
    rows = docker.get(f"/containers/json?all=1&filters={query}")
    return tuple(sorted(row["Names"][0].lstrip("/") for row in rows))


def remove(record: RecordFile[R], image: PulledImage, docker: Docker) -> None:
    """Remove it, and forget it; dockerd refuses if a container uses it."""
    if is_there(image, docker):
        docker.delete(f"/images/{local_reference(image.reference)}")
    if is_there(image, docker):
        raise HostError(f"image {image.reference} still exists: see `docker image inspect {image.reference}`")
    forget(record, image)


def forget(record: RecordFile[R], image: PulledImage) -> None:
    """It is no longer managed."""
    record.update(lambda found: replace(found, images=tuple(each for each in found.images if each != image)))


def _of(image: PulledImage, docker: Docker) -> t.Any:
    return docker.find(f"/images/{local_reference(image.reference)}/json")


@dataclass(frozen=True)
class RemoveImage:
    """The step that removes an image that we pulled."""

    image: PulledImage


def removal(image: PulledImage) -> Action:
    """The action of a host that retires; an image at a node's endpoint does not affect this host."""
    where = f" at {image.endpoint}" if image.endpoint else ""
    departure = NO_EFFECTS if image.endpoint else frozenset({Departure("image", image.reference)})
    return Action(
        f"remove image {image.reference}{where}, which was pulled for the builders", RemoveImage(image), departure
    )
