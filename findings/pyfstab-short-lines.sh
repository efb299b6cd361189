#!/usr/bin/env bash
# pyfstab 0.2.0 (PyPI): a line of /etc/fstab with four or five fields, or with a comment after the sixth, is an
# InvalidFstabLine, so none of the file is read. findmnt of util-linux, which mount is of, takes each of them.
# Why it matters: lines that are added for a builder's data (a disk, a bind mount, a tmpfs) are written by hand or by
# guides, mostly with four fields. What moves the data root by this library stops there.
# Upstream says otherwise: fstab(5): the fifth and sixth field default to 0; util-linux's libmount reads the file.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages pyfstab==0.2.0
command -v findmnt >/dev/null || cannot "findmnt is missing"
seen=$(for line in '/dev/sdb /srv ext4 noatime 0 2' '/dev/sdb /srv ext4 noatime' '/dev/sdb /srv ext4 noatime 0' \
  'tmpfs /srv tmpfs size=1G 0 0 # builds'; do
  echo "$line" >"$work/fstab"
  echo "$(findmnt --fstab --tab-file "$work/fstab" --noheadings --output FSTYPE) $(python3 - "$work/fstab" <<'PY'
import sys

from pyfstab import Fstab

try:
    with open(sys.argv[1]) as file:
        print(*(entry.type for entry in Fstab().read_file(file).entries))
except Exception as error:
    print(type(error).__name__)
PY
  )"
done)
as_known "findmnt and pyfstab of six, four and five fields, and a comment" "ext4 ext4, thrice; tmpfs tmpfs" \
  "ext4 ext4
ext4 InvalidFstabLine
ext4 InvalidFstabLine
tmpfs InvalidFstabLine" "$seen"
