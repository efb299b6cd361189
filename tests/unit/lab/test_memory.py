"""Where the disks of hosts lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import memory

MEMINFO = "MemTotal:       24684544 kB\nMemFree:        22748672 kB\nMemAvailable:   {} kB\n"
ENOUGH = 20 * 1024**2  # KiB


@pytest.mark.parametrize(
    ("disks", "there", "available", "mounted"),
    [
        pytest.param("memory", False, ENOUGH, True, id="asked for, and enough"),
        pytest.param("memory", False, ENOUGH - 1, False, id="not enough"),
        pytest.param("disk", False, ENOUGH, False, id="not asked for"),
        pytest.param("memory", True, ENOUGH, False, id="hosts are there already"),
    ],
)
def test_where_disks_lie(
    disks: str, there: bool, available: int, mounted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    hosts, meminfo = tmp_path / "hosts", tmp_path / "meminfo"
    meminfo.write_text(MEMINFO.format(available))
    if there:
        hosts.mkdir()
    monkeypatch.setattr(memory, "DISKS", disks)
    monkeypatch.setattr(memory, "HOSTS", hosts)
    monkeypatch.setattr(memory, "MEMINFO", meminfo)
    monkeypatch.setattr(memory, "run", commands.append)
    memory.mount()
    assert [command[0] for command in commands] == (["mount"] if mounted else [])
