#!/usr/bin/env bash
# pyfstab 0.2.0 (PyPI): a line of four or five fields in fstab is an error, and with it the whole file. A file that is
# read and written again has lost its comments and empty lines.
# Why it matters: the line of a data root's disk often ends with its options (`defaults,prjquota`). A program that adds
# a disk for builds cannot, or takes away what an admin wrote, such as a line that is commented out for now.
# Upstream says otherwise: fstab(5): the fifth and the sixth field may be missing, lines with `#` are comments. The
# library is for "parsing and creating fstab files", and its page has no word of either.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages pyfstab==0.2.0
seen=$(python3 - <<'PY'
from pyfstab import Fstab, InvalidFstabLine

LINES = "# for builds\n/dev/vdb /var/lib/docker ext4 defaults,prjquota{}\n"
for rest in (" 0 0", " 0", ""):
    try:
        print(len(Fstab().read_string(LINES.format(rest)).entries), end=" ")
    except InvalidFstabLine:
        print("InvalidFstabLine", end=" ")
print(len(str(Fstab().read_string(LINES.format(" 0 0"))).splitlines()), end=" ")
PY
)
as_known "entries of a line of six, five and four fields; lines of two, written again" "1 1 1 2" \
  "1 InvalidFstabLine InvalidFstabLine 1 " "$seen"
