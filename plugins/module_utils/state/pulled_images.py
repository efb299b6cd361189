# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that came to a dockerd with us: remembered before they are pulled, removed if nobody else uses them then."""

from __future__ import annotations

import json
import typing as t
import urllib.parse
from dataclasses import asdict, dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, local_reference
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import record


@dataclass(frozen=True)
class PulledImage:
    """*reference* as it was pulled, at a node's *endpoint* ("" for this host's dockerd), reached as *user*."""

    reference: str
    endpoint: str = ""
    user: str = "root"


def note(concern: str, image: PulledImage, docker: Docker) -> None:
    """Remember that *image* comes with us, unless that dockerd has it already."""
    memory = record.load(concern)
    if image not in pulled(concern) and _of(image, docker) is None:
        record.save(concern, {**memory, "images": [*memory.get("images", []), asdict(image)]})


def pulled(concern: str) -> t.Tuple[PulledImage, ...]:
    """What is remembered."""
    return tuple(PulledImage(**each) for each in record.load(concern).get("images", ()))


def is_there(image: PulledImage, docker: Docker) -> bool:
    """Whether that dockerd has it."""
    return _of(image, docker) is not None


def users_of(image: PulledImage, docker: Docker) -> t.Tuple[str, ...]:
    """The containers of that dockerd that are made of it, running or not."""
    query = urllib.parse.quote(json.dumps({"ancestor": [local_reference(image.reference)]}))
    rows = docker.get(f"/containers/json?all=1&filters={query}")
    return tuple(sorted(row["Names"][0].lstrip("/") for row in rows))


def remove(concern: str, image: PulledImage, docker: Docker) -> None:
    """Remove it, and forget it; dockerd refuses if a container is made of it."""
    if is_there(image, docker):
        docker.delete(f"/images/{local_reference(image.reference)}")
    if is_there(image, docker):
        raise HostError(f"image {image.reference} is still there: see `docker image inspect {image.reference}`")
    forget(concern, image)


def forget(concern: str, image: PulledImage) -> None:
    """It is not ours any more."""
    memory = record.load(concern)
    left = [asdict(each) for each in pulled(concern) if each != image]
    others = {name: value for name, value in memory.items() if name != "images"}
    record.save(concern, {**others, "images": left} if left else others)


def _of(image: PulledImage, docker: Docker) -> t.Any:
    return docker.find(f"/images/{local_reference(image.reference)}/json")
