# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handlers that are ours: what was there before us is remembered once, and put back."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel, ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    REGISTRY,
    Handler,
    registration_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.plan import DropHandler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import Former
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import PackageSource
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Action
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record

NAME, ARM64 = "qemu-aarch64", FORMATS["arm64"]
OURS = Handler(NAME, True, f"{EMULATORS}/8288bef2169d/{NAME}", "POCF", 0, ARM64.magic, ARM64.mask)
THEIRS = replace(OURS, interpreter="/bin/sh", flags="OC")
GONE = replace(THEIRS, interpreter="/of-these-tests/qemu-aarch64")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The handler's file in /etc/binfmt.d; it is not there yet."""
    folder = tmp_path / "etc/binfmt.d"
    folder.mkdir(parents=True)
    return folder / f"{NAME}.conf"


@pytest.mark.parametrize(
    ("current", "former"),
    [
        pytest.param(None, Former(), id="nothing"),
        pytest.param(OURS, Former(), id="ours, whose memory was lost"),
        pytest.param(
            THEIRS, Former(line=registration_of(THEIRS), interpreter="/bin/sh"), id="a handler without a file"
        ),
        pytest.param(
            replace(THEIRS, enabled=False),
            Former(line=registration_of(THEIRS), interpreter="/bin/sh", enabled=False),
            id="one that is off",
        ),
    ],
)
def test_what_was_there(current: Handler | None, former: Former) -> None:
    ours.own(NAME, current)
    assert ours.names() == {NAME}
    assert ours.former(NAME) == former


def test_it_is_remembered_once_and_its_file_is_put_back(file: Path) -> None:
    file.write_text("# theirs\n")
    file.chmod(0o600)
    for text in ("# ours\n", "# ours, newer\n"):
        ours.own(NAME, THEIRS)
        file.write_text(text)
        file.chmod(0o644)
    ours.put_file_back(NAME)
    assert file.read_text() == "# theirs\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ours.disown(NAME)
    assert record.load("binfmt") == {}


def test_without_its_copy_nothing_is_put_back(file: Path, home: Path) -> None:
    file.write_text("# theirs\n")
    ours.own(NAME, None)
    for each in (home / "backups").iterdir():
        each.unlink()
    with pytest.raises(HostError, match=r"qemu-aarch64\.conf cannot be restored, as its copy .* is missing"):
        ours.put_file_back(NAME)
    file.unlink()
    ours.put_file_back(NAME)
    assert not file.exists(), "as somebody wanted it"


def test_a_mask_is_remembered_and_put_back(file: Path) -> None:
    file.symlink_to("/dev/null")
    ours.own(NAME, None)
    assert ours.former(NAME) == Former(link="/dev/null")
    file.unlink()
    file.write_text("# ours\n")
    ours.put_file_back(NAME)
    assert file.readlink() == Path("/dev/null")


def test_a_mask_of_ours_that_somebody_made_stays_when_ours_goes(file: Path) -> None:
    ours.own(NAME, None)
    file.symlink_to("/dev/null")
    ours.put_file_back(NAME)
    assert file.readlink() == Path("/dev/null")


def test_a_mask_that_came_later_is_remembered_when_ours_takes_over(file: Path) -> None:
    file.write_text("# theirs\n")
    ours.own(NAME, THEIRS)
    before = ours.former(NAME)
    file.unlink()
    file.symlink_to("/dev/null")
    ours.own(NAME, OURS)
    assert ours.former(NAME) == replace(before, link="/dev/null")


REGISTER, OFF, UNREGISTER = "register", "disable", "unregister"


@pytest.mark.parametrize(
    ("before", "now", "done", "told"),
    [
        pytest.param(None, OURS, [UNREGISTER], "", id="nothing was there"),
        pytest.param(THEIRS, OURS, [REGISTER], "; /bin/sh is registered again, as before", id="theirs"),
        pytest.param(
            replace(THEIRS, enabled=False),
            OURS,
            [REGISTER, OFF],
            "; /bin/sh is registered again, as before",
            id="theirs, which was off",
        ),
        pytest.param(
            GONE,
            OURS,
            [UNREGISTER],
            "; /of-these-tests/qemu-aarch64, registered before us, is not on this host (a container brought it), and "
            "can only be restored from there",
            id="theirs came from a container",
        ),
        pytest.param(
            THEIRS, GONE, [], "; /bin/sh is registered again, as before", id="somebody registered another since"
        ),
    ],
)
def test_a_handler_that_goes_gives_its_place_back(
    before: Handler | None, now: Handler, done: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = f"enabled\ninterpreter {now.interpreter}\nflags: {now.flags}\nmagic {now.magic.hex()}\n"
    for path, text in (("/bin/sh", ""), (f"{REGISTRY}/register", ""), (f"{REGISTRY}/{NAME}", shown)):
        at(path).parent.mkdir(parents=True, exist_ok=True)
        at(path).write_text(text)
    calls: list[str] = []
    monkeypatch.setattr(kernel, "register", lambda line, _name: calls.append(f"{REGISTER} {line}"))
    monkeypatch.setattr(kernel, "unregister", lambda name: calls.append(f"{UNREGISTER} {name}"))
    monkeypatch.setattr(kernel, "disable", lambda name: calls.append(f"{OFF} {name}"))
    ours.own(NAME, before)
    binfmt = Binfmt((), PackageSource(), takeover=False)
    plan = binfmt.plan(binfmt.observe(), NO_EFFECTS)
    (action,) = plan.actions
    assert action == Action(f"remove handler {NAME} (no longer required){told}", DropHandler(NAME))
    binfmt.apply(plan.actions)
    assert [each.split()[0] for each in calls] == done
    if REGISTER in done:
        assert calls[0] == f"{REGISTER} {registration_of(THEIRS)}"
    assert ours.names() == frozenset()
