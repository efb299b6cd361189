# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of the kernel's registry, and what is written into it; plain files stand in for the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

NAME, LINE = "qemu-arm", ":qemu-arm:M::x:x:/q:F"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry without handlers, which is off."""
    folder = tmp_path / "proc/sys/fs/binfmt_misc"
    folder.mkdir(parents=True)
    (folder / "register").touch()
    (folder / "status").write_text("disabled\n")
    return folder


@pytest.mark.parametrize(
    ("filesystems", "remedy"),
    [
        pytest.param("nodev\tbinfmt_misc\n", "`systemctl start proc-sys-fs-binfmt_misc.mount`", id="not mounted"),
        pytest.param("nodev\tproc\n", "the kernel does not have it: `modprobe binfmt_misc`", id="not in the kernel"),
    ],
)
def test_a_host_without_a_registry_is_told_the_way_out(filesystems: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/filesystems").write_text(filesystems)
    with pytest.raises(HostError) as caught:
        kernel.handlers()
    words = "/proc/sys/fs/binfmt_misc is not mounted, so no emulator can be registered: "
    assert str(caught.value).startswith(words + remedy)


def test_handlers_are_read_by_name(registry: Path) -> None:
    assert kernel.handlers() == {}
    (registry / NAME).write_text("enabled\ninterpreter /q\nflags: F\nextension .x\n")
    assert kernel.handlers() == {NAME: Handler(NAME, True, "/q", "F", extension="x")}
    (registry / NAME).write_text("of no use")
    with pytest.raises(HostError, match=r"^a handler in /proc/sys/fs/binfmt_misc cannot be read: handler qemu-arm"):
        kernel.handlers()


def test_the_switch_of_all_handlers(registry: Path) -> None:
    assert not kernel.is_on()
    kernel.turn_on()
    assert (registry / "status").read_text().startswith("1")
    (registry / "status").write_text("enabled\n")
    assert kernel.is_on()


def test_one_that_is_not_there_is_registered_and_nothing_else_touched(registry: Path) -> None:
    kernel.register(f"{LINE}\n", NAME)
    assert (registry / "register").read_text() == LINE
    assert sorted(each.name for each in registry.iterdir()) == ["register", "status"]


def test_one_that_is_there_goes_first(registry: Path) -> None:
    (registry / NAME).write_text("enabled")
    kernel.register(LINE, NAME)
    assert ((registry / NAME).read_text()[:2], (registry / "register").read_text()) == ("-1", LINE)


STAND_IN = "multiarch-builders-qemu-arm"


@pytest.mark.parametrize("there", [True, False], ids=["in front of it", "in its place"])
def test_the_stand_in_of_a_killed_run_is_no_handler_and_goes_with_the_next_change(there: bool, registry: Path) -> None:
    text = "enabled\ninterpreter /q\nflags: F\nextension .x\n"
    for name in (STAND_IN, NAME)[: 1 + there]:
        (registry / name).write_text(text)
    assert list(kernel.handlers()) == [NAME] * there
    assert kernel.momentary() == (STAND_IN,)
    kernel.register(LINE, NAME)
    assert (registry / STAND_IN).read_text()[:2] == "-1"
    (registry / STAND_IN).write_text(text)
    kernel.unregister(NAME)
    assert (registry / STAND_IN).read_text()[:2] == "-1"


def test_orders_to_one_handler(registry: Path) -> None:
    kernel.unregister(NAME)
    assert not (registry / NAME).exists(), "an order makes no file"
    with pytest.raises(HostError, match=r"^handler qemu-arm cannot be disabled in /proc/sys/fs/binfmt_misc: "):
        kernel.disable(NAME)
    (registry / NAME).write_text("enabled")
    kernel.disable(NAME)
    assert (registry / NAME).read_text()[0] == "0"


def test_a_refusal_is_told_with_its_reason(registry: Path) -> None:
    (registry / "register").unlink()
    (registry / "register").symlink_to("none/register")
    with pytest.raises(HostError, match=r"^handler qemu-arm cannot be registered in .*: the emulator is missing, or d"):
        kernel.register(LINE, NAME)


def test_one_for_a_moment_is_gone_whatever_happens(registry: Path) -> None:
    with pytest.raises(ValueError, match="mine"), kernel.registered(LINE, NAME):
        assert (registry / "register").read_text() == LINE
        (registry / NAME).write_text("enabled")  # as the kernel would
        raise ValueError("mine")
    assert (registry / NAME).read_text()[:2] == "-1"
