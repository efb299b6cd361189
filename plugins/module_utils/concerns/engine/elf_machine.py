# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that a program is for. With emulators installed, one for another machine would run, but slowly. Pure."""

from __future__ import annotations

import typing as t

# elf(5): e_ident has class and byte order, e_machine follows e_type
HEADER = 20  # bytes
_MACHINES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64"}


def mismatch(header: bytes, native: bytes) -> t.Optional[str]:
    """The machine of the program with *header*, as text, if it differs from that of the program with *native*."""
    if not header.startswith(b"\x7fELF") or len(header) < HEADER:
        return "no ELF program"
    if (header[4:6], header[18:20]) == (native[4:6], native[18:20]):
        return None
    return f"a program for {_name(header)}, this host is {_name(native)}"


def _name(header: bytes) -> str:
    number = int.from_bytes(header[18:20], "little" if header[5] == 1 else "big")
    return _MACHINES.get(number, f"machine {number} of ELF")
