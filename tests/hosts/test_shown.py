"""What dockerd itself shows of each notation of daemon.json: the table of the unit tests, asked of both engines."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.shown import KEYS, difference
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.daemon.notations import (
    NOTATIONS,
    Notation,
    other,
)

from tests.hosts import private_dockerd
from tests.hosts.lab import on


def rounds() -> list[tuple[Notation, ...]]:
    """The notations, one of each key at once."""
    columns = [[each for each in NOTATIONS if each.key == key] for key in KEYS]
    return [tuple(filter(None, row)) for row in itertools.zip_longest(*columns)]


def answers(host: str, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a dockerd of the host that runs with each of *documents* answers to /info."""
    on(host, "cat > /var/tmp/private.py", stdin=Path(private_dockerd.__file__).read_text())
    lines = "\n".join(map(json.dumps, documents))
    told = on(host, "python3 /var/tmp/private.py; rm /var/tmp/private.py", stdin=f"{lines}\n")
    return [json.loads(line) for line in told.splitlines()]


@pytest.mark.both_engines
def test_what_dockerd_shows_is_what_was_meant_however_it_is_written(engine: str) -> None:
    asked = rounds()
    found = answers(engine, [{each.key: each.value for each in row} for row in asked])
    assert [(row, shown["refused"]) for row, shown in zip(asked, found, strict=True) if "refused" in shown] == []
    pairs = [(each, shown) for row, shown in zip(asked, found, strict=True) for each in row]
    assert [each for each, shown in pairs if difference(each.key, each.value, shown) is not None] == []
    assert [each for each, shown in pairs if difference(each.key, other(each), shown) is None] == [], "all are shown"
