"""Virtual machines: which machines have none, what the command line means, and how QEMU is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab import requirements
from lab.__main__ import arguments
from lab.images import catalogue
from lab.topology import VMS
from lab.vm import commands, foreign, machine


@pytest.mark.parametrize(
    ("missing", "tun", "words"),
    [
        ([], True, ()),
        (["mke2fs"], True, ("need mke2fs:", "apt-get install --no-install-recommends e2fsprogs")),
        (["qemu-system-aarch64", "mke2fs"], False, ("qemu-system-aarch64, mke2fs", "e2fsprogs qemu-system-arm")),
        ([], False, ("/dev/net/tun", "module tun")),
    ],
)
def test_refusal(missing: list[str], tun: bool, words: tuple[str, ...]) -> None:
    found = commands.refusal(missing, tun=tun)
    assert bool(found) == bool(words)
    assert all(each in str(found) for each in words)


@pytest.mark.parametrize(
    ("words", "cpus"),
    [
        (["up"], None),
        (["up", "--cpu", "a64fx"], ["a64fx"]),
        (["down", "--cpu", "a64fx", "--cpu", "cortex-a72"], ["a64fx", "cortex-a72"]),
    ],
)
def test_processors_of_the_command_line(words: list[str], cpus: list[str] | None) -> None:
    assert arguments(["vm", *words]).cpus == cpus


@pytest.mark.parametrize("words", [["vm"], ["vm", "up", "--cpu", "pentium"], ["vm", "list", "--cpu", "a64fx"]])
def test_refused_command_lines(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(words)
    assert ended.value.code == 2


def test_archives_are_for_virtual_machines_too(tmp_path: Path) -> None:
    assert arguments(["vm", "up", "--images", str(tmp_path)]).images == tmp_path
    images = {image.name: image for image in catalogue.IMAGES}
    for name in commands.IMAGES:
        assert images[name].archive == str(images[name.removesuffix("_arm64")].archive).replace(".tar", "-arm64.tar")


def test_each_has_abilities_and_a_card_of_its_own() -> None:
    assert set(commands.ABILITIES) == {host.name for host in VMS}
    base, files = Path("/cache/root"), machine.Files(Path("/cache/vm/a,b"))
    calls = [machine.qemu(host, files, base) for host in VMS]
    assert {call[call.index("-cpu") + 1] for call in calls} == {host.name for host in VMS}
    assert {word.split(",")[2] for call in calls for word in call if word.startswith("virtio-net")} == {
        "mac=52:54:00:33:64:33",
        "mac=52:54:00:33:64:34",
    }
    assert "if=none,id=disk,format=raw,cache=unsafe,file=/cache/vm/a,,b/disk.ext4" in calls[0]
    assert "tap,id=bridge,ifname=vb-cortex-a72,script=no,downscript=no" in calls[0]
    assert calls[0][calls[0].index("-initrd") + 1] == "/cache/root/initrd.img"


def test_handler_for_programs_of_the_processor() -> None:
    _, name, kind, offset, magic, mask, emulator, flags = foreign.handler(Path("/opt/qemu-aarch64")).split(":")
    assert (name, kind, offset, emulator, flags) == ("qemu-aarch64", "M", "", "/opt/qemu-aarch64", "F")
    begin, counts = (bytes.fromhex(text.replace("\\x", "")) for text in (magic, mask))
    header = bytearray(b"\x7fELF\x02\x01\x01\x03" + bytes(8) + b"\x03\x00\xb7\x00")  # ABI of GNU, ET_DYN
    assert bytes(byte & count for byte, count in zip(header, counts, strict=True)) == begin
    header[18:20] = b"\x3e\x00"  # EM_X86_64
    assert bytes(byte & count for byte, count in zip(header, counts, strict=True)) != begin


@pytest.mark.skipif(bool(requirements.reason()), reason="this machine cannot have the lab")
def test_users_are_themselves_and_this_machine_has_no_handler(tmp_path: Path) -> None:
    emulator = tmp_path / "qemu"
    emulator.write_text("#!/bin/sh\n")
    emulator.chmod(0o755)
    script = f"id -u; cat /proc/self/uid_map; head -n 2 {emulator}.handlers/qemu-aarch64; exit 7"
    done = subprocess.run(foreign.command(emulator, ["sh", "-c", script]), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (
        7,
        ["0", "0", "0", "65536", "enabled", "interpreter", str(emulator)],
    ), done.stderr
    assert not list(Path(f"{emulator}.handlers").iterdir())
