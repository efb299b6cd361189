# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit the machine code in module_utils/concerns/binfmt/probe.py: assemble the sources here again and compare.

    PYTHONPATH=.ansible/collections python -m tests.tools.probe.assemble [--print]

The assemblers are the Debian packages binutils-TRIPLET. Exits 1 when any code differs from its source.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import probe

SOURCES = Path(__file__).parent


class AssemblerNotFoundError(Exception):
    """No assembler of this architecture on PATH."""


@dataclass(frozen=True)
class Toolchain:
    triplet: str
    source: str
    options: tuple[str, ...] = ()

    def tool(self, name: str) -> str:
        found = shutil.which(f"{self.triplet}-{name}")
        if found is None:
            raise AssemblerNotFoundError(f"{self.triplet}-{name} is not on PATH")
        return found


TOOLCHAINS = {
    "386": Toolchain("i686-linux-gnu", "386.S"),
    "amd64": Toolchain("x86_64-linux-gnu", "amd64.S"),
    "arm": Toolchain("arm-linux-gnueabihf", "arm.S"),
    "arm64": Toolchain("aarch64-linux-gnu", "arm64.S"),
    "loong64": Toolchain("loongarch64-linux-gnu", "loong64.S"),
    "mips64": Toolchain("mips64-linux-gnuabi64", "mips64.S", ("-mips3",)),
    "mips64le": Toolchain("mips64el-linux-gnuabi64", "mips64.S", ("-mips3",)),
    "ppc64le": Toolchain("powerpc64le-linux-gnu", "ppc64le.S"),
    "riscv64": Toolchain("riscv64-linux-gnu", "riscv64.S"),
    "s390x": Toolchain("s390x-linux-gnu", "s390x.S"),
}


def assemble(architecture: str) -> bytes:
    """The machine code of the probe: the linked text section, so that no relocation is left open."""
    toolchain = TOOLCHAINS[architecture]
    assembler, linker, objcopy = (toolchain.tool(name) for name in ("as", "ld", "objcopy"))
    with tempfile.TemporaryDirectory() as folder:
        compiled, linked, code = (f"{folder}/probe.{kind}" for kind in ("o", "elf", "bin"))
        for command in (
            [assembler, *toolchain.options, "-o", compiled, str(SOURCES / toolchain.source)],
            [linker, "--no-relax", "-e", "_start", "-Ttext", "0x400000", "-o", linked, compiled],
            [objcopy, "-O", "binary", "-j", ".text", linked, code],
        ):
            subprocess.run(command, check=True)
        return Path(code).read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description="Assemble the probes and compare them with the table.")
    parser.add_argument("--print", action="store_true", help="print the code as hexadecimal digits")
    arguments = parser.parse_args()
    differs = False
    for architecture in TOOLCHAINS:
        try:
            code = assemble(architecture)
        except AssemblerNotFoundError as missing:
            print(f"{architecture:9} skipped: {missing}")
            continue
        same = architecture in probe.CODE and probe.CODE[architecture].text == code
        differs |= not same
        print(f"{architecture:9} {'same' if same else 'DIFFERS'}, {len(code)} bytes")
        if arguments.print:
            print(f"          {code.hex()}")
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
