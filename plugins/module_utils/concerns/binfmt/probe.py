# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tiny static executable for each platform, which prints the machine of uname(2): `uname -m`.

Run where nothing else is (an empty chroot, an image FROM scratch), it proves that the kernel executes this
platform there, natively or through a handler. The machine code is assembled from tests/tools/probe/*.S;
assemble.py there compares the two.
"""

from __future__ import annotations

import struct
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, format_for

# 64-bit kernels report their own machine to 32-bit executables, unless the personality says otherwise; QEMU has
# one ARM processor for all variants, so the probe has one code for all variants of an architecture.
_LATER_ARM = {"armv7l", "armv8l", "aarch64"}

EXPECTED_MACHINE: t.Dict[str, t.Set[str]] = {
    "linux/amd64": {"x86_64"},
    "linux/arm64": {"aarch64"},
    "linux/arm/v7": _LATER_ARM,
    "linux/arm/v6": {"armv6l"} | _LATER_ARM,
    "linux/arm/v5": {"armv5tel", "armv5tejl", "armv6l"} | _LATER_ARM,
    "linux/s390x": {"s390x"},
    "linux/ppc64le": {"ppc64le"},
    "linux/riscv64": {"riscv64"},
    "linux/386": {"i386", "i486", "i586", "i686", "x86_64"},
    "linux/mips64le": {"mips64"},
    "linux/mips64": {"mips64"},
    "linux/loong64": {"loongarch64"},
}


@dataclass(frozen=True)
class Code:
    """An architecture's machine code, and its e_flags in the ELF header."""

    flags: int
    text: bytes


CODE: t.Dict[str, Code] = {
    "amd64": Code(
        flags=0,
        text=bytes.fromhex(
            "4881ec900100004889e7b83f0000000f05488db424040100004889f2803a00740548ffc2ebf6c6020a48ffc2"
            "4829f2bf01000000b8010000000f0529d089c7b83c0000000f05"
        ),
    ),
    "arm64": Code(
        flags=0,
        text=bytes.fromhex(
            "ff4306d1e003009108148052010000d4e1130491e20301aa43144038e3ffff354301805243f01f38420001cb"
            "2000805208088052010000d40000024ba80b8052010000d4"
        ),
    ),
    "arm": Code(
        flags=0x05000000,  # EABI version 5
        text=bytes.fromhex(
            "19de4de20d00a0e17a70a0e3000000ef411f8de20120a0e10130d2e4000053e3fcffff1a0a30a0e3013042e5"
            "012042e00100a0e30470a0e3000000ef020040e00170a0e3000000ef"
        ),
    ),
    "s390x": Code(
        flags=0,
        text=bytes.fromhex(
            "a7fbfe70b904002f0a7a4130f104b904004395004000a784000641404001a7f4fffa920a400041404001b909"
            "0043a72900010a04b90900240a010707"
        ),
    ),
    "ppc64le": Code(
        flags=0x2,  # ABI ELFv2: the entry is code, not a function descriptor
        text=bytes.fromhex(
            "70fe2138780b237c7a00003802000044040181387823857c0000c5880100a5380000062cf4ff82400a00c038"
            "ffffc5985028e47f78fbe57f01006038040000380200004450187f7c0100003802000044"
        ),
    ),
    "riscv64": Code(
        flags=0,
        text=bytes.fromhex(
            "130101e7130501009308000a7300000093054110138605008342060013061600e39c02fe9302a000a30f56fe"
            "3306b6401305100093080004730000003305c5409308d00573000000"
        ),
    ),
    "386": Code(
        flags=0,
        text=bytes.fromhex(
            "81ec9001000089e3b87a000000cd808d8c240401000089ca803a00740342ebf8c6020a4229cabb01000000b8"
            "04000000cd8029d089c3b801000000cd80"
        ),
    ),
    "mips64le": Code(
        flags=0x60000000,  # MIPS64
        text=bytes.fromhex(
            "70febd672d20a003c51302240c0000000401a5672d30a0000000c890feff00150100c6640a000824ffffc8a0"
            "2f80c5002d30000201000424891302240c0000002f205000c21302240c00000000000000"
        ),
    ),
    "mips64": Code(
        flags=0x60000000,  # MIPS64
        text=bytes.fromhex(
            "67bdfe7003a0202d240213c50000000c67a5010400a0302d90c800001500fffe64c600012408000aa0c8ffff"
            "00c5802f0200302d24040001240213890000000c0050202f240213c20000000c00000000"
        ),
    ),
    "loong64": Code(
        flags=0x41,  # LP64, soft float; object ABI 1
        text=bytes.fromhex(
            "63c0f902640015000b80820300002b006510c402a6001500cc00002ac604c0029ff9ff470c288003ccfc3f29"
            "c6941100040480030b00810300002b00849811000b74810300002b00"
        ),
    ),
}

_ADDRESS = 0x400000  # above every mmap_min_addr; a multiple of every page size
_PAGE = 0x10000
_LOAD, _GNU_STACK = 1, 0x6474E551
_EXECUTE, _WRITE, _READ = 1, 2, 4
_PADDING = 15  # the last byte of e_ident
_HEADER_SIZE = {32: 52, 64: 64}
_SEGMENT_SIZE = {32: 32, 64: 56}


def native_probe(platform: str) -> bytes:
    """The same, with bytes that no handler of QEMU matches: only processor and kernel themselves run it.

    They are padding (elf(5), EI_PAD), which every handler's magic wants to be zero, and which Linux' own loader ignores
    (fs/binfmt_elf.c compares the first four bytes, type and machine).
    """
    program = bytearray(probe(platform))
    program[_PADDING] = 0x4D
    return bytes(program)


def probe(platform: str) -> bytes:
    """The executable of a canonical platform: one segment, never writable, and a stack, never executable."""
    fmt = format_for(platform)
    code = CODE[fmt.architecture]
    header_size, segment_size = _HEADER_SIZE[fmt.bits], _SEGMENT_SIZE[fmt.bits]
    start = header_size + 2 * segment_size
    size = start + len(code.text)
    header = fmt.magic + _pack(
        fmt,
        f"I 3{_word(fmt)} I 6H",
        1,  # e_version
        _ADDRESS + start,  # e_entry
        header_size,  # e_phoff
        0,  # e_shoff
        code.flags,
        *(header_size, segment_size, 2),
        *(0, 0, 0),  # no section headers
    )
    load = _segment(fmt, kind=_LOAD, access=_READ | _EXECUTE, address=_ADDRESS, size=size)
    stack = _segment(fmt, kind=_GNU_STACK, access=_READ | _WRITE, address=0, size=0)
    return header + load + stack + code.text


def expected_machine(platform: str) -> t.Set[str]:
    """The possible output of the probe on this canonical platform; only ARM's variants have machines of their own."""
    if platform in EXPECTED_MACHINE:
        return EXPECTED_MACHINE[platform]
    return EXPECTED_MACHINE[f"linux/{format_for(platform).architecture}"]


def _segment(fmt: ElfFormat, *, kind: int, access: int, address: int, size: int) -> bytes:
    """A program header; the two classes of ELF keep its p_flags in different places."""
    place = (0, address, address, size, size)
    if fmt.bits == 32:
        return _pack(fmt, "8I", kind, *place, access, _PAGE)
    return _pack(fmt, "2I 6Q", kind, access, *place, _PAGE)


def _word(fmt: ElfFormat) -> str:
    return "I" if fmt.bits == 32 else "Q"


def _pack(fmt: ElfFormat, layout: str, *values: int) -> bytes:
    return struct.pack(("<" if fmt.byteorder == "little" else ">") + layout, *values)
