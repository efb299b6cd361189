"""Folders for temporary files: gone when the block ends, and those of a killed process with the next module."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import temp_dirs
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

KILLED = """
import os, pathlib, signal
from ansible_collections.multiarch.builders.plugins.module_utils.host import temp_dirs
temp_dirs.FOLDER = pathlib.Path(os.environ["FOLDER"])
with temp_dirs.scratch() as folder:
    (folder / "client.key").write_text("key")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(var_tmp: Path) -> Path:
    return var_tmp


def test_it_is_ones_own_and_goes_with_what_is_in_it(place: Path) -> None:
    with temp_dirs.scratch() as folder:
        (folder / "client.key").write_text("key")
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        temp_dirs.remove_leftovers()
        assert (folder / "client.key").exists(), "the process that made it lives"
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes(place: Path) -> None:
    imports = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "PYTHONPATH": imports, "FOLDER": str(place)}
    subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert [each.name for left in place.iterdir() for each in left.iterdir()] == ["client.key"]
    temp_dirs.remove_leftovers()
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("multiarch-builders-4194305.abcdefg", id="another length"),
        pytest.param("multiarch-builders-report", id="no process"),
        pytest.param("my-multiarch-builders-4194305.abcdefgh", id="another beginning"),
        pytest.param(f"multiarch-builders-{os.getpid()}.abcdefgh", id="of a process that lives"),
    ],
)
def test_what_is_not_left_by_a_killed_module_stays(name: str, place: Path) -> None:
    (place / name).mkdir()
    assert temp_dirs.leftovers() == ()


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize(("age", "goes"), [(0, False), (10**6, True)], ids=["its own", "of one before a reboot"])
def test_a_process_that_has_the_id_of_a_killed_one_keeps_nothing(age: int, goes: bool, place: Path) -> None:
    folder = place / f"multiarch-builders-{os.getpid()}.abcdefgh"
    folder.mkdir()
    os.utime(folder, (time.time() - age, time.time() - age))
    assert temp_dirs.leftovers() == ((folder,) if goes else ())


def test_a_link_of_such_a_name_leads_nowhere(place: Path) -> None:
    theirs = place / "theirs"
    theirs.mkdir()
    (theirs / "file").touch()
    (place / "multiarch-builders-4194305.abcdefgh").symlink_to(theirs)  # no process has a number above 2**22
    temp_dirs.remove_leftovers()
    assert (theirs / "file").exists()


@pytest.mark.parametrize(
    ("flags", "number"),
    [
        pytest.param([0, 0], 0, id="the usual one"),
        pytest.param([os.ST_NOEXEC, 0], 1, id="no programs there: the next"),
        pytest.param([os.ST_RDONLY, 0], 1, id="read-only: the next"),
        pytest.param([os.ST_NOEXEC, os.ST_NOEXEC], None, id="nowhere"),
    ],
)
def test_programs_lie_where_they_may_run(
    flags: list[int], number: int | None, tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mounting is for root alone, so what file systems say is given; on a host: tests/hosts/test_hardened.py."""
    places = [place, tmp_path / "var/lib"]
    places[1].mkdir()
    found = {each: os.statvfs_result((*[0] * 8, flag, 255, 0)) for each, flag in zip(places, flags)}
    monkeypatch.setattr(os, "statvfs", lambda path: found[path] if path in found else (path / "missing").stat())
    if number is None:
        with pytest.raises(HostError, match="are all mounted with noexec"), temp_dirs.scratch(programs=True):
            pytest.fail("there is a folder")
    else:
        with temp_dirs.scratch(programs=True) as folder:
            assert folder.parent == places[number]
            assert temp_dirs.leftovers() == ()


def test_no_room_is_told(place: Path) -> None:
    with pytest.raises(HostError, match="temporary files") as error, temp_dirs.scratch() as folder:
        raise OSError(28, "No space left on device", str(folder / "probe"))
    assert "No space left on device" in str(error.value)
    place.rmdir()
    temp_dirs.remove_leftovers()
    with pytest.raises(HostError, match="cannot hold a temporary folder"), temp_dirs.scratch():
        pytest.fail("there is a folder")
