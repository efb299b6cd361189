#!/usr/bin/env bash
# qemu-user-static 7.2 (Debian 12): whether a program of another system is given to QEMU depends on the architecture.
# A FreeBSD program (EI_OSABI 9) for arm64 or riscv64 matches the line in /usr/lib/binfmt.d and ends under Linux's
# emulator; for ppc64le and s390x it does not, as their mask takes OSABI 0 to 3 only. loongarch64's mask has these two
# bytes one place further, so it compares OSABI so and leaves the ABI version free, unlike all others.
# Why it matters: one mistake, the wrong system's binary, is "exec format error" for some architectures and a failing
# emulator for others; who looks for QEMU's handlers by one mask misses some.
# Upstream says otherwise: it does not: qemu/qemu scripts/qemu-binfmt-conf.sh has these masks and gives no reason.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages qemu-user-static=1:7.2+dfsg-7+deb12u18+b3
seen=$(env -u LD_LIBRARY_PATH python3 - "$work/debian/usr/lib/binfmt.d" <<'PY'
import re
import sys
from pathlib import Path


def matches(line, header):
    magic, mask = (
        bytes(int(byte[2:], 16) if byte.startswith("\\x") else ord(byte) for byte in re.findall(r"\\x..|.", field))
        for field in line.strip().split(":")[4:6]
    )
    return all(a & m == b & m for a, m, b in zip(header, mask, magic))


for name, order, machine in (("aarch64", "little", 183), ("riscv64", "little", 243), ("ppc64le", "little", 21),
                             ("s390x", "big", 22), ("loongarch64", "little", 258)):
    line = Path(sys.argv[1], f"qemu-{name}.conf").read_text()
    found = []
    for osabi, version in ((0, 0), (9, 0), (0, 1)):
        ident = b"\x7fELF\x02" + (b"\x01" if order == "little" else b"\x02") + bytes((1, osabi, version)) + bytes(7)
        found.append("yn"[not matches(line, ident + (2).to_bytes(2, order) + machine.to_bytes(2, order))])
    print(name, "".join(found), end=" ")
PY
)
as_known "Linux, FreeBSD, ABI version 1: taken (y) or not (n)" "one answer for all" \
  "aarch64 yyn riscv64 yyn ppc64le ynn s390x ynn loongarch64 yny" "${seen% }"
