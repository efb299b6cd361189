"""A file on the controller that is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole


def test_it_takes_the_place_of_what_is_there_in_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a/b/report.json"
    for text in ("former\n", "ü \ud800\n"):
        write_whole(path, text)
    assert path.read_text() == "ü ?\n", "what no file can have is replaced"
    assert [each.name for each in path.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)], ids=["usual", "private"])
def test_it_is_as_readable_as_any_new_file(tmp_path: Path, mask: int, mode: int) -> None:
    former = os.umask(mask)
    try:
        write_whole(tmp_path / "file", "")
        assert os.umask(mask) == mask
    finally:
        os.umask(former)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", "text")
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_nor_does_an_interruption(tmp_path: Path) -> None:
    class Interrupting:
        """A mode that is never computed."""

        def __index__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "key", "secret", Interrupting())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
