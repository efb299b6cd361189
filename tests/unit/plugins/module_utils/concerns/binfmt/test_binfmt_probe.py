# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probes: their code is that of the sources, and each runs, natively or under qemu-user."""

from __future__ import annotations

import platform as host
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import runs_itself
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import (
    FORMATS,
    ElfFormat,
    format_for,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.probe import (
    CODE,
    EXPECTED_MACHINE,
    expected_machine,
    native_probe,
    probe,
)

from tests.tools.probe.assemble import AssemblerNotFoundError, assemble

Emulator = Callable[[ElfFormat], Path]
NATIVE = {"x86_64": ["linux/amd64", "linux/386"], "aarch64": ["linux/arm64"]}.get(host.machine(), [])


@pytest.fixture
def _places(tmp_path: Path) -> None:
    """Where a program may be tried on the host of a test."""
    (tmp_path / "var/tmp").mkdir(parents=True)


@pytest.fixture
def executable(tmp_path: Path, platform: str) -> Path:
    path = tmp_path / "probe"
    path.write_bytes(probe(platform))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("platform", EXPECTED_MACHINE)
def test_probe_runs_under_qemu(platform: str, executable: Path, emulator: Emulator) -> None:
    command = [emulator(format_for(platform)), executable]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    assert ran.stdout.endswith("\n")
    assert ran.stdout[:-1] in EXPECTED_MACHINE[platform]


@pytest.mark.parametrize("platform", NATIVE)
def test_probe_runs_natively(platform: str, executable: Path) -> None:
    ran = subprocess.run([executable], check=True, capture_output=True, text=True)
    assert ran.stdout[:-1] in EXPECTED_MACHINE[platform]


@pytest.mark.parametrize("platform", NATIVE)
@pytest.mark.usefixtures("_places")
def test_native_probe_runs_natively(platform: str) -> None:
    assert runs_itself(platform, host.machine())
    assert not runs_itself(platform, "armv7l"), "what sees another machine ran under an emulator"


@pytest.mark.parametrize("platform", [each for each in EXPECTED_MACHINE if each not in NATIVE and "/arm/" not in each])
@pytest.mark.usefixtures("_places")
def test_no_processor_runs_foreign_programs(platform: str) -> None:
    assert not runs_itself(platform, host.machine())


@pytest.mark.parametrize("platform", EXPECTED_MACHINE)
def test_no_handler_matches_the_native_probe(platform: str) -> None:
    """QEMU's own magic and mask (formats.py), which all sources of handlers share."""
    fmt, start = format_for(platform), native_probe(platform)[: len(format_for(platform).magic)]
    assert bytes(a & b for a, b in zip(start, fmt.mask)) != bytes(a & b for a, b in zip(fmt.magic, fmt.mask))


@pytest.mark.parametrize("platform", NATIVE)
def test_probe_fails_when_its_output_is_lost(executable: Path) -> None:
    with Path("/dev/full").open("w") as full:
        assert subprocess.run([executable], check=False, stdout=full).returncode != 0


@pytest.mark.parametrize("architecture", CODE)
def test_code_is_that_of_the_source(architecture: str) -> None:
    try:
        assembled = assemble(architecture)
    except AssemblerNotFoundError as missing:
        pytest.skip(str(missing))
    assert CODE[architecture].text == assembled


def test_every_format_has_a_probe() -> None:
    assert set(CODE) == set(FORMATS) == {format_for(platform).architecture for platform in EXPECTED_MACHINE}


@pytest.mark.parametrize("platform", EXPECTED_MACHINE)
def test_probe_is_an_ordinary_executable(platform: str) -> None:
    fmt = format_for(platform)
    assert probe(platform)[: len(fmt.magic)] in fmt.headers()


@pytest.mark.parametrize("platform", EXPECTED_MACHINE)
def test_no_memory_is_writable_and_executable(platform: str) -> None:
    fmt = format_for(platform)
    image = probe(platform)
    order = "<" if fmt.byteorder == "little" else ">"
    begin, size, access_at = {32: (52, 32, 24), 64: (64, 56, 4)}[fmt.bits]
    access = {}
    for at in (begin, begin + size):
        (kind,) = struct.unpack_from(order + "I", image, at)
        (access[kind],) = struct.unpack_from(order + "I", image, at + access_at)
    assert access == {1: 0b101, 0x6474E551: 0b110}  # PT_LOAD read, execute; PT_GNU_STACK read, write


@pytest.mark.parametrize(
    ("platform", "machine"),
    [
        ("linux/amd64/v3", {"x86_64"}),
        ("linux/arm64/v9", {"aarch64"}),
        ("linux/arm/v6", {"armv6l", "armv7l", "armv8l", "aarch64"}),
    ],
)
def test_expected_machine(platform: str, machine: set[str]) -> None:
    assert expected_machine(platform) == machine
    assert probe(platform)


def test_unknown_platform_is_refused() -> None:
    with pytest.raises(ValueError, match="no ELF format is known"):
        probe("linux/sparc64")
    with pytest.raises(ValueError, match="no ELF format is known"):
        expected_machine("linux/sparc64")
