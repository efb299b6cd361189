# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ELF formats that QEMU's user mode emulates, as the kernel's binfmt_misc recognises them. Pure data.

The magic is the ELF header of a fixed-address executable up to e_machine; the mask ignores what varies
between executables of one architecture: the OS ABI and position independence. The values are QEMU's own
(scripts/qemu-binfmt-conf.sh); the image tonistiigi/binfmt registers the same.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

# The kernel's limit for the interpreter's path (Documentation/admin-guide/binfmt-misc.rst). Its others, 1920
# bytes per line and a magic within the file's first 128 (since Linux 5.1: 256) bytes, are far from any line here.
INTERPRETER_MAX = 127
# Flags of every supported kernel; later ones add more (T, L, D), which no emulator here needs.
FLAGS = frozenset("POCF")

_OSABI = 7
_OSABIS = (0, 3)  # System V; GNU/Linux, as in static executables of glibc
_EXEC, _DYN = 2, 3


@dataclass(frozen=True)
class ElfFormat:
    """One architecture's executables. ``handler`` and ``binary`` are the names QEMU and Debian use."""

    architecture: str
    handler: str
    binary: str
    magic: bytes
    mask: bytes

    @property
    def bits(self) -> int:
        return 32 * self.magic[4]

    @property
    def byteorder(self) -> t.Literal["little", "big"]:
        return "little" if self.magic[5] == 1 else "big"

    def headers(self) -> t.Tuple[bytes, ...]:
        """The first bytes of ordinary executables: fixed and position-independent, of either OS ABI."""
        ident, machine = self.magic[:16], self.magic[18:]
        return tuple(
            ident[:_OSABI] + bytes([osabi]) + ident[_OSABI + 1 :] + kind.to_bytes(2, self.byteorder) + machine
            for osabi in _OSABIS
            for kind in (_EXEC, _DYN)
        )


_FORMATS = (
    ElfFormat(
        architecture="amd64",
        handler="qemu-x86_64",
        binary="qemu-x86_64",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 3e00"),
        mask=bytes.fromhex("ffffffff fffefe00 ffffffff ffffffff feff ffff"),
    ),
    ElfFormat(
        architecture="arm64",
        handler="qemu-aarch64",
        binary="qemu-aarch64",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 b700"),
        mask=bytes.fromhex("ffffffff ffffff00 ffffffff ffffffff feff ffff"),
    ),
    ElfFormat(
        architecture="arm",
        handler="qemu-arm",
        binary="qemu-arm",
        magic=bytes.fromhex("7f454c46 01010100 00000000 00000000 0200 2800"),
        mask=bytes.fromhex("ffffffff ffffff00 ffffffff ffffffff feff ffff"),
    ),
    ElfFormat(
        architecture="s390x",
        handler="qemu-s390x",
        binary="qemu-s390x",
        magic=bytes.fromhex("7f454c46 02020100 00000000 00000000 0002 0016"),
        mask=bytes.fromhex("ffffffff ffffff00 ffffffff ffffffff fffe ffff"),
    ),
    ElfFormat(
        architecture="ppc64le",
        handler="qemu-ppc64le",
        binary="qemu-ppc64le",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 1500"),
        mask=bytes.fromhex("ffffffff ffffff00 ffffffff ffffffff feff ff00"),
    ),
    ElfFormat(
        architecture="riscv64",
        handler="qemu-riscv64",
        binary="qemu-riscv64",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 f300"),
        mask=bytes.fromhex("ffffffff ffffff00 ffffffff ffffffff feff ffff"),
    ),
    ElfFormat(
        architecture="386",
        handler="qemu-i386",
        binary="qemu-i386",
        magic=bytes.fromhex("7f454c46 01010100 00000000 00000000 0200 0300"),
        mask=bytes.fromhex("ffffffff fffefe00 ffffffff ffffffff feff ffff"),
    ),
    # The masks of the next three accept any ABI version: on MIPS it tells hard-float variants apart.
    ElfFormat(
        architecture="mips64le",
        handler="qemu-mips64el",
        binary="qemu-mips64el",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 0800"),
        mask=bytes.fromhex("ffffffff ffffff00 00ffffff ffffffff feff ffff"),
    ),
    ElfFormat(
        architecture="mips64",
        handler="qemu-mips64",
        binary="qemu-mips64",
        magic=bytes.fromhex("7f454c46 02020100 00000000 00000000 0002 0008"),
        mask=bytes.fromhex("ffffffff ffffff00 00ffffff ffffffff fffe ffff"),
    ),
    ElfFormat(
        architecture="loong64",
        handler="qemu-loongarch64",
        binary="qemu-loongarch64",
        magic=bytes.fromhex("7f454c46 02010100 00000000 00000000 0200 0201"),
        mask=bytes.fromhex("ffffffff fffffffc 00ffffff ffffffff feff ffff"),
    ),
)

FORMATS: t.Dict[str, ElfFormat] = {fmt.architecture: fmt for fmt in _FORMATS}


def format_for(platform: str) -> ElfFormat:
    """The format of a canonical platform (``linux/arm/v7``); an architecture's variants share theirs."""
    system, _slash, rest = platform.partition("/")
    architecture = rest.partition("/")[0]
    if system != "linux" or architecture not in FORMATS:
        raise ValueError(f"no ELF format is known for platform {platform!r}, only for {', '.join(FORMATS)}")
    return FORMATS[architecture]


def registration(fmt: ElfFormat, interpreter: str, flags: str) -> str:
    """The line that registers an interpreter, as /etc/binfmt.d and the kernel's register file expect it.

    Every byte of magic and mask is escaped: the kernel stops at a NUL byte.
    """
    if not interpreter.startswith("/"):
        raise ValueError(f"interpreter {interpreter!r} is not an absolute path")
    if any(forbidden in interpreter for forbidden in ":\n\0"):
        raise ValueError(f"interpreter {interpreter!r} has a colon, newline or NUL in it")
    if len(interpreter.encode()) > INTERPRETER_MAX:
        raise ValueError(f"interpreter {interpreter!r} is longer than {INTERPRETER_MAX} bytes")
    unknown = sorted(set(flags) - FLAGS)
    if unknown:
        raise ValueError(f"flags {flags!r}: {''.join(unknown)} is none of {''.join(sorted(FLAGS))}")
    return f":{fmt.handler}:M:0:{_escaped(fmt.magic)}:{_escaped(fmt.mask)}:{interpreter}:{flags}"


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)
