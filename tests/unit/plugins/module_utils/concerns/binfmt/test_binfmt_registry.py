# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kernel takes the registration lines, runs the probes, and its handler files read back the same.

All in a binfmt_misc of each test's own (private_registry.py), never in the machine's.
"""

from __future__ import annotations

import json
import platform as host
import shutil
import subprocess
import sys
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import (
    ElfFormat,
    format_for,
    registration,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    CONTROL_FILES,
    Handler,
    parse_handler,
    registration_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import EXPECTED_MACHINE, probe
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.root_tree import mark, marked

SCRIPT = Path(__file__).parent / "private_registry.py"
NATIVE = {"x86_64": "qemu-x86_64", "aarch64": "qemu-aarch64"}.get(host.machine())
# One platform an architecture: variants share their code and handler.
PLATFORMS = {format_for(platform).architecture: platform for platform in reversed(EXPECTED_MACHINE)}

FOREIGN = "linux/s390x"  # no host of these tests runs it natively

Emulator = Callable[[ElfFormat], Path]
Write = tuple[str, str]
Change = Callable[[bytes], bytes]  # of a program, before it runs


class Registry:
    """A new, empty registry for each use."""

    def __init__(self, folder: Path) -> None:
        self.mountpoint = folder / "binfmt_misc"
        self.mountpoint.mkdir()
        self.root = folder / "root"

    def ask(
        self, writes: list[Write], *, run: str | None = None, change: Change = bytes
    ) -> subprocess.CompletedProcess[str]:
        if run is not None:
            self.root.mkdir()
            executable = self.root / "probe"
            executable.write_bytes(change(probe(run)))
            executable.chmod(0o755)
        request = {"mountpoint": str(self.mountpoint), "writes": writes, "root": run and str(self.root)}
        return subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", sys.executable, SCRIPT, json.dumps(request)],
            check=False,
            capture_output=True,
            text=True,
        )

    def use(
        self, writes: list[Write], *, run: str | None = None, change: Change = bytes
    ) -> tuple[list[Handler], t.Any]:
        ended = self.ask(writes, run=run, change=change)
        assert ended.returncode == 0, ended.stderr
        answer = json.loads(ended.stdout)
        files = {name: text for name, text in answer["files"].items() if name not in CONTROL_FILES}
        return [parse_handler(name, text) for name, text in sorted(files.items())], answer.get("ran")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path)
    try:
        ended = registry.ask([])
    except FileNotFoundError:
        pytest.skip("unshare is not on PATH")
    assert "Traceback" not in ended.stderr, ended.stderr
    if ended.returncode:
        reason = (ended.stderr.strip() or "unknown").splitlines()[0]
        pytest.skip(f"no private binfmt_misc (needs Linux 6.7 and user namespaces): {reason}")
    return registry


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_registered_emulator_runs_the_probe(platform: str, registry: Registry, emulator: Emulator) -> None:
    fmt = format_for(platform)
    if fmt.handler == NATIVE:
        pytest.skip("the emulator itself is of this architecture: its handler would match it too")
    interpreter = str(emulator(fmt))
    handlers, ran = registry.use([("register", registration(fmt, interpreter, "CF"))], run=platform)
    assert handlers == [Handler(fmt.handler, True, interpreter, "OCF", 0, fmt.magic, fmt.mask)]
    assert handlers[0].serves(fmt)
    assert handlers[0].fixed
    assert ran.rstrip("\n") in EXPECTED_MACHINE[platform]


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_a_marked_program_runs_under_its_own_handler_and_no_other_does(
    platform: str, registry: Registry, emulator: Emulator
) -> None:
    fmt = format_for(platform)
    if fmt.handler == NATIVE:
        pytest.skip("the emulator itself is of this architecture: its handler would match it too")
    usual = ("register", registration(fmt, sys.executable, "CF"))  # no emulator
    own = ("register", registration(marked(fmt, "own"), str(emulator(fmt)), "CF"))
    for writes in ([usual, own], [own, usual]):
        ran = registry.use(writes, run=platform, change=lambda program: mark("probe", program, fmt))[1]
        assert ran.rstrip("\n") in EXPECTED_MACHINE[platform]
        shutil.rmtree(registry.root)
    if platform != "linux/386":  # which this machine may run itself
        assert registry.use([own], run=platform)[1].startswith("OSError: [Errno 8]"), "one without the mark"


@pytest.mark.parametrize(("flags", "reported"), [("", ""), ("F", "F"), ("CF", "OCF"), ("FCP", "POCF"), ("FOP", "POF")])
def test_kernel_reports_flags_in_its_own_order(flags: str, reported: str, registry: Registry) -> None:
    line = registration(format_for(FOREIGN), sys.executable, flags)
    assert registry.use([("register", line)])[0][0].flags == reported


def test_without_f_the_emulator_is_looked_up_in_the_chroot(registry: Registry, emulator: Emulator) -> None:
    fmt = format_for(FOREIGN)
    line = registration(fmt, str(emulator(fmt)), "C")
    (handler,), ran = registry.use([("register", line)], run=FOREIGN)
    assert not handler.fixed
    assert ran.startswith("FileNotFoundError")


def test_disabled_handler_does_not_run(registry: Registry, emulator: Emulator) -> None:
    fmt = format_for(FOREIGN)
    line = registration(fmt, str(emulator(fmt)), "F")
    (handler,), ran = registry.use([("register", line), (fmt.handler, "0")], run=FOREIGN)
    assert not handler.enabled
    assert ran.startswith("OSError: [Errno 8]")


def test_the_switch_of_all_handlers_stops_them_and_their_own_files_do_not_tell(
    registry: Registry, emulator: Emulator
) -> None:
    fmt = format_for(FOREIGN)
    register, off = ("register", registration(fmt, str(emulator(fmt)), "CF")), ("status", "0")
    (handler,), ran = registry.use([register, off], run=FOREIGN)
    assert handler.enabled
    assert ran.startswith("OSError: [Errno 8]")


def test_the_switch_of_all_handlers_turns_them_on_again(registry: Registry, emulator: Emulator) -> None:
    fmt = format_for(FOREIGN)
    register = ("register", registration(fmt, str(emulator(fmt)), "CF"))
    _handlers, ran = registry.use([register, ("status", "0"), ("status", "1")], run=FOREIGN)
    assert ran.rstrip("\n") in EXPECTED_MACHINE[FOREIGN]


def test_fixed_interpreter_must_be_there(registry: Registry) -> None:
    line = registration(format_for(FOREIGN), "/nonexistent/qemu-s390x", "F")
    ended = registry.ask([("register", line)])
    assert "FileNotFoundError" in ended.stderr


def test_name_is_registered_once(registry: Registry) -> None:
    line = registration(format_for(FOREIGN), sys.executable, "F")
    ended = registry.ask([("register", line), ("register", line)])
    assert "FileExistsError" in ended.stderr


def test_other_kinds_of_handlers_are_read(registry: Registry) -> None:
    handlers, _ran = registry.use(
        [("register", ":dos:M:4:MZ::/opt/a path/wine:O"), ("register", ":jar:E::jar::/usr/bin/java:P")]
    )
    assert handlers == [
        Handler("dos", True, "/opt/a path/wine", "O", 4, b"MZ", None),
        Handler("jar", True, "/usr/bin/java", "P", extension="jar"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(registration(format_for(FOREIGN), sys.executable, "CF"), id="as ours"),
        pytest.param(registration(format_for(FOREIGN), "/usr/bin/of-a-package", ""), id="without flags"),
        pytest.param(":dos:M:4:MZ::/opt/a path/wine:O", id="at an offset, without a mask"),
        pytest.param(":jar:E::jar::/usr/bin/java:P", id="by extension"),
    ],
)
def test_a_handler_can_be_registered_again_from_what_the_kernel_tells(line: str, registry: Registry) -> None:
    (handler,), _ran = registry.use([("register", line)])
    again, _ran = registry.use([("register", line), (handler.name, "-1"), ("register", registration_of(handler))])
    assert again == [handler]
