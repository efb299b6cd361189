# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner and mode of files that a host's work or a secret depends on: what differs, and what gives them back."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import (
    FileState,
    RestoreRights,
    Rights,
    fault,
    faults,
    folder,
    look,
    program,
    public,
    restore,
    secret,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import Host, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner

CI = Owner(1000, 1000)
NOBODY = Owner(65534, 65534)


@pytest.mark.parametrize(
    ("rights", "found", "told"),
    [
        pytest.param(program("/p"), None, None, id="not there: that is somebody else's question"),
        pytest.param(program("/p"), FileState(0o755, 0, 50), None, id="a program, of any group"),
        pytest.param(program("/p"), FileState(0o644, 0, 0), "/p has mode 0644, not 0755", id="no program"),
        pytest.param(program("/p"), FileState(0o700, 0, 0), "/p has mode 0700, not 0755", id="not for all"),
        pytest.param(program("/p"), FileState(0o775, 0, 0), "/p has mode 0775, not 0755", id="a group may write it"),
        pytest.param(program("/p"), FileState(0o4755, 0, 0), "/p has mode 4755, not 0755", id="setuid"),
        pytest.param(program("/p"), FileState(0o755, 7, 0), "/p belongs to user 7, not to 0", id="another's"),
        pytest.param(
            program("/p"),
            FileState(0o666, 7, 0),
            "/p belongs to user 7, not to 0 and has mode 0666, not 0755",
            id="another's, and no program",
        ),
        pytest.param(public("/f"), FileState(0o644, 0, 0), None, id="a file for all"),
        pytest.param(public("/f"), FileState(0o444, 0, 0), None, id="a file that nobody writes"),
        pytest.param(public("/f"), FileState(0o600, 0, 0), "/f has mode 0600, not 0644", id="a file that others need"),
        pytest.param(public("/f"), FileState(0o666, 0, 0), "/f has mode 0666, not 0644", id="a file that all write"),
        pytest.param(secret("/s", CI), FileState(0o600, 1000, 1000), None, id="a secret"),
        pytest.param(secret("/s", CI), FileState(0o400, 1000, 1000), None, id="a secret that nobody writes"),
        pytest.param(secret("/s", CI), FileState(0o640, 1000, 1000), "/s has mode 0640, not 0600", id="for a group"),
        pytest.param(secret("/s", CI), FileState(0o606, 1000, 1000), "/s has mode 0606, not 0600", id="for others"),
        pytest.param(secret("/s", CI), FileState(0o600, 0, 0), "/s belongs to user 0, not to 1000", id="root's"),
        pytest.param(folder("/d"), FileState(0o755, 0, 0), None, id="a folder"),
        pytest.param(folder("/d"), FileState(0o2755, 0, 50), None, id="a folder with setgid"),
        pytest.param(folder("/d"), FileState(0o700, 0, 0), None, id="a folder for root alone"),
        pytest.param(folder("/d"), FileState(0o775, 0, 0), "/d has mode 0775, not 0755", id="a group puts files there"),
        pytest.param(folder("/d"), FileState(0o1777, 0, 0), "/d has mode 1777, not 0755", id="all put files there"),
        pytest.param(folder("/d", CI), FileState(0o775, 1000, 1000), None, id="a user's, whose own group writes"),
        pytest.param(
            folder("/d", CI), FileState(0o775, 1000, 50), "/d has mode 0775, not 0755", id="a user's, another group"
        ),
        pytest.param(
            folder("/d", CI), FileState(0o777, 1000, 1000), "/d has mode 0777, not 0755", id="a user's, open to all"
        ),
    ],
)
def test_what_differs(rights: Rights, found: FileState | None, told: str | None) -> None:
    assert fault(found, rights) == told


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A folder of nobody's, which nobody can reach."""
    place = Path(tempfile.mkdtemp(dir="/var/tmp"))
    os.chown(place, NOBODY.uid, NOBODY.gid)
    with standing_on(Host()):
        yield place
    shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="chown is root's")
def test_it_is_given_back_and_then_nothing_differs(tmp_path: Path, theirs: Path) -> None:
    wanted = []
    for name, mode, rights in (
        ("program", 0o646, program),
        ("public", 0o666, public),
    ):
        path = tmp_path / name
        path.write_text(name)
        os.chown(path, NOBODY.uid, NOBODY.gid)
        path.chmod(mode)
        wanted.append(rights(str(path)))
    for name, uid in (("secret", NOBODY.uid), ("of-root", 0)):
        path = theirs / name
        path.write_bytes(name.encode() + b"\xfc")
        os.chown(path, uid, NOBODY.gid)
        path.chmod(0o666)
        wanted.append(secret(str(path), NOBODY))
    theirs.chmod(0o777)
    wanted.append(folder(str(theirs), NOBODY))
    assert list(faults(wanted)) == wanted
    restore(RestoreRights(tuple(wanted)))
    assert faults(wanted) == {}
    assert (theirs / "of-root").read_bytes() == b"of-root\xfc"
    assert [stat.S_IMODE(Path(each.path).stat().st_mode) for each in wanted] == [0o755, 0o644, 0o600, 0o600, 0o755]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could change it")
def test_a_link_in_a_users_folder_leads_root_nowhere(theirs: Path) -> None:
    of_root = theirs.parent / f"{theirs.name}.of-root"
    of_root.write_text("root's")
    try:
        (theirs / "entry").symlink_to(of_root)
        before = look(str(of_root))
        with pytest.raises(HostError, match=r"entry cannot be written: .*Operation not permitted"):
            restore(RestoreRights((secret(str(theirs / "entry"), NOBODY),)))
        (theirs / "folder").symlink_to("/var/tmp")
        with pytest.raises(
            HostError, match=r"folder cannot be given its mode \(Operation not permitted\): `chown 65534"
        ):
            restore(RestoreRights((folder(str(theirs / "folder"), NOBODY),)))
        assert look(str(of_root)) == before
    finally:
        of_root.unlink()


def test_what_is_gone_needs_nothing(tmp_path: Path) -> None:
    wanted = [program(str(tmp_path / "none")), public(str(tmp_path / "none/below"))]
    assert faults(wanted) == {}
    restore(RestoreRights(tuple(wanted)))
    assert list(tmp_path.iterdir()) == []
