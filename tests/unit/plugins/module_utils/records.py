"""Files of the record as tests see them: plain JSON, without their format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at

ENDED = 2**22 + 1
"""A process that has ended: more than any id."""


def left_of(path: Path) -> Path:
    """What a run leaves that is killed while it writes *path*."""
    temporary = path.with_name(f".{path.name}.{ENDED}.ab12_xyz")
    temporary.write_text("a secret")
    return temporary


def load(name: str) -> dict[str, Any]:
    """What NAME.json holds, {} if there is none."""
    path = at(f"{HOME}/{name}.json")
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return {key: value for key, value in found.items() if key != "format"}


def save(name: str, content: Mapping[str, Any], *, since: int | None = 1) -> None:
    """Write NAME.json with *content*, as of format *since*; None writes none, as it was before 0.1.0."""
    path = at(f"{HOME}/{name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**content, **({} if since is None else {"format": since})}))
