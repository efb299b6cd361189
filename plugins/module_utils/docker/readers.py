# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that never run: by them dockerd hands out the files of an image.

A killed process leaves its own behind. They exist only under the lock between runs (run/lock.py), one at a time:
whoever holds that, and has none, may remove all that there are.
"""

from __future__ import annotations

import contextlib
import json
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import (
    Docker,
    NotThereError,
    local_reference,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_LABEL, _VALUE = "multiarch.builders", "reader"


@dataclass(frozen=True)
class Reader:
    """A container that was left behind, by its *id*."""

    id: str
    name: str


@contextlib.contextmanager
def reader(image: str, docker: Docker, platform: str = "") -> t.Iterator[str]:
    """The id of a new container of *image*, for as long as the block runs; those of killed runs are removed first."""
    for each in left(docker):
        with contextlib.suppress(HostError):  # which only needs space, and has its next chance
            remove(each.id, docker)
    body = {"Image": local_reference(image), "Cmd": ["/never-started"], "Labels": {_LABEL: _VALUE}}
    query = f"?{urllib.parse.urlencode({'platform': platform})}" if platform else ""
    container = str(json.loads(docker.post(f"/containers/create{query}", body))["Id"])
    try:
        yield container
    finally:
        remove(container, docker)


def left(docker: Docker) -> t.Tuple[Reader, ...]:
    """Those that are there. One that someone has started is not ours any more."""
    query = urllib.parse.quote(json.dumps({"label": [f"{_LABEL}={_VALUE}"]}))
    rows = docker.get(f"/containers/json?all=1&filters={query}")
    return tuple(Reader(row["Id"], row["Names"][0].lstrip("/")) for row in rows if _is_one(row))


def _is_one(row: t.Mapping[str, t.Any]) -> bool:
    return row["State"] == "created" and (row.get("Labels") or {}).get(_LABEL) == _VALUE


def remove(container: str, docker: Docker) -> None:
    """Remove one, and the volumes that its image declares, as tonistiigi/binfmt does one."""
    with contextlib.suppress(NotThereError):
        docker.delete(f"/containers/{container}?force=1&v=1")
