#!/usr/bin/env bash
# read-binary-file-arch 1.0.6 (npm): programs for riscv64, s390x and loong64 are null, and static ones for arm; ppc64le
# is ppc and mips64le mips, that is, of the other byte order or half the width.
# Why it matters: it is how Electron's tools, and others in Node.js, see what a program in a package or an image was
# built for. A check of what a multi-platform build made says nothing of most of its platforms, or something wrong.
# Upstream says otherwise: its README: the architecture as in process.arch, for which its list has arm, loong64, mipsel,
# ppc64, riscv64 and s390x. file(1), which it asks, tells all of them apart.
set -euo pipefail
. "$(dirname "$0")/common.bash"
command -v file >/dev/null || cannot "file is missing"
node_packages read-binary-file-arch@1.0.6
# Programs without any code: a header and one segment
python3 - "$work/node" <<'PY'
import struct
import sys

for name, machine, bits, order, flags in (
    ("amd64", 62, 64, "<", 0), ("arm64", 183, 64, "<", 0), ("arm", 40, 32, "<", 0x5000400),
    ("riscv64", 243, 64, "<", 5), ("s390x", 22, 64, ">", 0), ("loong64", 258, 64, "<", 0x43),
    ("ppc64le", 21, 64, "<", 2), ("mips64le", 8, 64, "<", 0x80000007),
):
    ident = b"\x7fELF" + bytes([bits // 32, 1 if order == "<" else 2, 1, 0])
    word, sizes = ("Q", (64, 56)) if bits == 64 else ("I", (52, 32))
    header = struct.pack(f"{order}16sHHI3{word}I6H", ident, 2, machine, 1, 0x400000, sizes[0], 0, flags, *sizes, 1,
                         0, 0, 0)
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(header + struct.pack(f"{order}I", 1) + bytes(200))
PY
seen=$(cd "$work/node" && for name in amd64 arm64 arm riscv64 s390x loong64 ppc64le mips64le; do
  node -e 'require("read-binary-file-arch").readBinaryFileArch(process.argv[1]).then(console.log)' "$name"
done | paste -sd ' ')
as_known "amd64, arm64, arm, riscv64, s390x, loong64, ppc64le, mips64le" \
  "x64 arm64 arm riscv64 s390x loong64 ppc64 and null" "x64 arm64 null null null null ppc mips" "$seen"
