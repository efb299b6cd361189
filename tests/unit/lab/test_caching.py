"""A folder in the cache is built once, whoever asks for it, and never seen half-built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from lab import caching


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(caching, "CACHE", tmp_path)
    return tmp_path


def test_two_that_need_the_same_have_it_built_once() -> None:
    built, both = list[Path](), Barrier(2, timeout=600)

    def build(unfinished: Path) -> None:
        built.append(unfinished)
        (unfinished / "made").touch()

    def need() -> Path:
        both.wait()
        return caching.ensure("base", "1", build)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(need), pool.submit(need)
        assert first.result() == second.result()
    assert len(built) == 1
    assert (first.result() / "made").exists()


def test_one_may_need_another() -> None:
    def build(unfinished: Path) -> None:
        below = caching.ensure("below", "1", lambda folder: (folder / "made").touch())
        (unfinished / "of").write_text(below.name)

    assert (caching.ensure("base", "1", build) / "of").read_text() == "below-1"


def test_a_build_that_fails_leaves_nothing_that_is_taken_for_it(cache: Path) -> None:
    def build(unfinished: Path) -> None:
        (unfinished / "half").touch()
        raise RuntimeError("no space")

    with pytest.raises(RuntimeError):
        caching.ensure("base", "1", build)
    assert caching.find("base", "1") is None
    caching.remove_unfinished()
    assert list(cache.iterdir()) == []
