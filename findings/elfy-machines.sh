#!/usr/bin/env bash
# elfy 1.0.0 and elf-tools 1.1.2 (npm): to the first each program is of HP-UX, since it takes the version's byte, 1, for
# the system's; RISC-V and LoongArch have no name, ppc64le is ppc64. The second doesn't know arm64 or riscv64 either.
# Why it matters: it is how one sees in Node.js what a program in an image was built for. A check that a multi-platform
# image has the right programs passes for none, or compares undefined with undefined.
# Upstream says otherwise: elf(5): EI_VERSION is the byte 6, EI_OSABI 7; the processor ABIs' e_machine are 183 for
# AArch64, 243 for RISC-V. pyelftools 0.33 names all.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages pyelftools==0.33
node_packages elfy@1.0.0 elf-tools@1.1.2
# Programs without any code: a header, one segment, the sections' names
python3 - "$work" <<'PY'
import struct
import sys

names = b"\0.shstrtab\0"
for name, machine, system in ("amd64", 62, 0), ("freebsd", 62, 9), ("arm64", 183, 0), ("riscv64", 243, 0):
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1" + bytes([system]), 2, machine, 1, 0x400078, 64,
                         120 + len(names), 0, 64, 56, 1, 64, 2, 1)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x200, 0x200, 0x1000)
    section = struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, 120, len(names), 0, 0, 1, 0)
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(header + segment + names + bytes(64) + section)
PY
cat >"$work/node/ask.js" <<'JS'
const { readFileSync } = require("fs");
const elfTools = require("elf-tools");
const elfy = require("elfy");
const bytes = readFileSync(process.argv[2]);
const { osabi, machine } = elfy.parse(bytes);
console.log(osabi, machine, elfTools.parse(bytes).header.machine);
JS
seen=$(for name in amd64 freebsd arm64 riscv64; do
  python3 - "$work/$name" <<'PY'
import sys

from elftools.elf.elffile import ELFFile

with open(sys.argv[1], "rb") as file:
    elf = ELFFile(file)
    print(elf["e_ident"]["EI_OSABI"], elf.get_machine_arch(), end=" ")
PY
  (cd "$work/node" && node ask.js "../$name")
done)
as_known "amd64, amd64 of FreeBSD, arm64, riscv64: pyelftools, elfy, elf-tools" \
  "its own system and a name for each" \
  "ELFOSABI_SYSV x64 hpux amd64 amd64
ELFOSABI_FREEBSD x64 hpux amd64 amd64
ELFOSABI_SYSV AArch64 hpux AArch64 undefined
ELFOSABI_SYSV RISC-V hpux undefined undefined" "$seen"
