# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handlers are registered again, and how often; files stand in for the kernel's registry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS, BinfmtState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS, registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD as HANDLERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import BinfmtRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    DONE,
    RECORD,
    Done,
    Settings,
)
from ansible_collections.multiarch.builders.plugins.module_utils.guard import duties, heal, quick
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.run.lock import held

ARM64 = FORMATS["arm64"]
NAME = "qemu-aarch64"
EMULATOR = f"{EMULATORS}/8288bef2169d/{NAME}"
LINE = registration(ARM64, EMULATOR, "CFP") + "\n"
OURS = Handler(NAME, True, EMULATOR, "POCF", 0, ARM64.magic, ARM64.mask)
THEIRS = replace(OURS, interpreter="/usr/bin/qemu-aarch64")
WELL = BinfmtState(Processor(""), {NAME: OURS}, {NAME: LINE}, {NAME: LINE}, frozenset({NAME}), {})
KERNEL = "\n".join(
    [
        "enabled",
        f"interpreter {EMULATOR}",
        "flags: POCF",
        "offset 0",
        f"magic {ARM64.magic.hex()}",
        f"mask {ARM64.mask.hex()}",
        "",
    ]
)


@pytest.mark.parametrize(
    ("state", "due"),
    [
        pytest.param(WELL, {}, id="all is well"),
        pytest.param(replace(WELL, handlers={}), {NAME: "no handler"}, id="removed"),
        pytest.param(replace(WELL, handlers={NAME: THEIRS}), {NAME: "it replaced our handler"}, id="replaced"),
        pytest.param(
            replace(WELL, handlers={"another": replace(THEIRS, name="another")}),
            {NAME: "it replaced our handler"},
            id="replaced by one of another name",
        ),
        pytest.param(replace(WELL, handlers={NAME: replace(OURS, enabled=False)}), {NAME: "disabled"}, id="disabled"),
        pytest.param(replace(WELL, handlers={}, owned=frozenset()), {}, id="not ours"),
        pytest.param(replace(WELL, handlers={}, masked={NAME: "masked"}), {}, id="masked by an administrator"),
        pytest.param(replace(WELL, handlers={}, lines={}, configuration={}), {}, id="without its file"),
    ],
)
def test_what_is_registered_again(state: BinfmtState, due: dict[str, str]) -> None:
    assert heal.due_in(state) == due


def test_the_limit() -> None:
    done, now = Done(), 1_000_000
    for number in range(3):
        done = heal.decided(done, [NAME], 3, now + number)
    assert (done.heals, done.limited, len(done.recent)) == ({NAME: 3}, "", 3)
    waits = heal.decided(done, [NAME], 3, now + 100)
    assert waits.limited
    assert waits.heals == {NAME: 3}
    still = heal.decided(replace(waits, limited="since then"), [NAME], 3, now + 200)
    assert still.limited == "since then"
    again = heal.decided(waits, [NAME], 3, now + 3600)
    assert (again.heals, again.limited) == ({NAME: 4}, "")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The registry of a host on which one handler is ours, and registered."""
    folder = tmp_path / "proc/sys/fs/binfmt_misc"
    for each in (folder, tmp_path / "etc/binfmt.d", tmp_path / "run"):
        each.mkdir(parents=True)
    (folder / "register").touch()
    (folder / "status").write_text("enabled\n")
    (folder / NAME).write_text(KERNEL)
    (tmp_path / f"etc/binfmt.d/{NAME}.conf").write_text(LINE)
    HANDLERS.put(BinfmtRecord(handlers=frozenset({NAME})))
    RECORD.put(Settings(metrics=""))
    monkeypatch.setattr(quick, "SEEN", str(tmp_path / "run/seen"))
    real = quick.look  # which knows no host but the machine
    monkeypatch.setattr(quick, "look", lambda path: real(str(at(path)) + ("/" if path.endswith("/") else "")))
    return folder


def test_a_host_on_which_all_is_well_is_recognised_by_what_was_seen(registry: Path) -> None:
    assert not quick.is_unchanged()
    assert duties.main() == 0
    assert DONE.find() is None
    assert quick.is_unchanged()
    (registry / "qemu-arm").write_text("enabled\ninterpreter /q\nflags: F\nextension .x\n")
    assert not quick.is_unchanged(), "a handler more"
    (registry / "qemu-arm").unlink()
    assert quick.is_unchanged()
    (registry / "status").write_text("disabled\n")
    assert not quick.is_unchanged()


def test_what_was_seen_is_believed_for_minutes(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "EVERY", 0)
    assert registry.exists()
    assert duties.main() == 0
    assert not quick.is_unchanged()


def test_a_removed_handler_is_registered_again(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (registry / NAME).unlink()
    assert duties.main() == 1, "plain files do not become a handler"
    assert (registry / "register").read_text() == LINE.strip()
    assert DONE.read().failures == 1
    assert capsys.readouterr().out.startswith("<3>handler qemu-aarch64 was registered again, and is not as it should")
    assert not quick.is_unchanged(), "it is tried again"
    (registry / NAME).write_text(KERNEL)
    assert duties.main() == 0
    assert (DONE.read().failures, DONE.read().failure) == (1, ""), "somebody else did it"


@pytest.mark.usefixtures("registry")
def test_a_run_that_changes_the_host_is_not_disturbed(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/fs/binfmt_misc" / NAME).unlink()
    with held("a run", 1):
        assert duties.main() == 0
    assert (tmp_path / "proc/sys/fs/binfmt_misc/register").read_text() == ""
    assert not quick.is_unchanged()


def test_the_limit_holds_on_a_host(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (registry / NAME).unlink()
    RECORD.put(Settings(metrics="", heals_per_hour=0))
    assert [duties.main(), duties.main()] == [0, 0]
    assert (registry / "register").read_text() == ""
    assert DONE.read().limited
    assert capsys.readouterr().out == "<5>qemu-aarch64: removed or replaced too often, so the guard waits\n", "once"
    (registry / NAME).write_text(KERNEL)
    assert duties.main() == 0
    assert not DONE.read().limited, "it did not happen again"
