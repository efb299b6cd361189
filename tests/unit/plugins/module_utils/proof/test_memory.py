"""What a proof leaves behind for reports."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof import memory


def test_the_last_end_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(concern: str, content: Any) -> None:
        SAVE(concern, content, tmp_path)

    monkeypatch.setattr(record, "save", save)
    for failures in (["builder a: no"], []):
        memory.remember(SimpleNamespace(warn=pytest.fail), memory.BUILD, failures, platforms=["linux/arm64"])
        kept = record.load(memory.BUILD, tmp_path)
        assert (kept["passed"], kept["failures"], kept["platforms"]) == (not failures, failures, ["linux/arm64"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", kept["time"])
    assert (tmp_path / "build_proof.json").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_fails_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(_concern: str, _content: object) -> None:
        raise HostError("/var/lib/x cannot be written: No space left on device")

    monkeypatch.setattr(record, "save", save)
    warnings: list[str] = []
    memory.remember(SimpleNamespace(warn=warnings.append), memory.REGISTRY, [])
    assert warnings == ["the result is not kept for reports: /var/lib/x cannot be written: No space left on device"]


SAVE = record.save
