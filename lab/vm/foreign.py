"""Runs a command that can run programs for arm64, too: python -m lab.vm.foreign EMULATOR COMMAND...

In a user namespace with a registry of handlers of its own, so this machine's stays empty. Every user is itself there:
what the command writes belongs to whom it says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import kernel
from lab.command import run

# ELF, 64 bits, little endian, ET_EXEC or ET_DYN, EM_AARCH64 (elf.h); the ABI's byte does not count.
MAGIC = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00"
MASK = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"
EVERY_USER = "0 0 65536"  # user_namespaces(7); in Debian nobody has a higher number


def command(emulator: Path, argv: Sequence[str] = ()) -> list[str]:
    """The command that runs argv here; *emulator* is a static qemu-aarch64."""
    source = f"PYTHONPATH={Path(__file__).parents[2]}"
    return ["env", source, sys.executable, "-m", "lab.vm.foreign", str(emulator), *argv]


def handler(emulator: Path) -> str:
    """What registers the emulator (binfmt_misc.rst of Linux); F: it is opened now, so that it runs in any chroot."""
    magic, mask = ("".join(f"\\x{byte:02x}" for byte in part) for part in (MAGIC, MASK))
    return f":qemu-aarch64:M::{magic}:{mask}:{emulator}:F"


def enter() -> None:
    """Go into namespaces of users and mounts; a process that stays outside says who is who inside."""
    asks, wakes = os.pipe()
    this = os.getpid()
    child = os.fork()
    if not child:
        os.read(asks, 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{this}/{name}").write_text(EVERY_USER)
        os._exit(0)
    kernel.unshare(kernel.NEW_USER | kernel.NEW_MOUNTS)
    os.write(wakes, b"!")
    os.waitpid(child, 0)
    if not Path("/proc/self/uid_map").read_text().split():
        raise OSError("the users of the namespace could not be written")
    run(["mount", "--make-rprivate", "/"])


def main(arguments: Sequence[str]) -> int:
    """The command's exit status."""
    emulator, *argv = arguments
    enter()
    registry = Path(f"{emulator}.handlers")  # gone with this process; the folder is its owner's to remove
    registry.mkdir(exist_ok=True)
    run(["mount", "-t", "binfmt_misc", "lab", str(registry)])
    (registry / "register").write_text(handler(Path(emulator)))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # it was for this program
    return subprocess.run(argv, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
