"""Which controllers hosts get, and why not, on machines of each kind: the groups are folders here."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import cgroup

ALL = "cpuset cpu io memory hugetlb pids"


@pytest.mark.parametrize(
    ("controllers", "enabled", "old", "words"),
    [
        pytest.param(ALL, "cpu memory pids", [], "", id="unified"),
        pytest.param("hugetlb", "", ["cpu,cpuacct", "memory"], "are of cgroup v1", id="hybrid"),
        pytest.param("cpuset io", "", [], "has no cpu, memory, pids; have whatever runs", id="not delegated"),
        pytest.param(ALL, "", [], "has processes of its own, so that cpu, memory, pids", id="busy"),
    ],
)
def test_why_limits_do_not_act(
    controllers: str, enabled: str, old: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "multiarch-lab"
    top.mkdir()
    (tmp_path / "cgroup.controllers").write_text(f"{controllers}\n")
    (top / "cgroup.subtree_control").write_text(enabled)
    monkeypatch.setattr(cgroup, "top", lambda: top)
    monkeypatch.setattr(cgroup, "mounted", lambda _kind: [Path("/sys/fs/cgroup") / each for each in old])
    said = cgroup.why_no_limits()
    assert words in said
    assert bool(said) == bool(words)
