#!/usr/bin/env bash
# python3-apt 2.6.0: to aptsources a line with `signed-by` is invalid; of a line's options it knows `arch` and
# `trusted`. SourcesList.add() of what is there then writes it once more, without the key, and apt refuses all sources.
# Why it matters: Docker's instructions for Debian have just such a line. What manages sources by this library
# (add-apt-repository, Salt) breaks apt on the builder; the same source in deb822 form is found.
# Upstream says otherwise: sources.list(5) has signed-by; uyuni-project/uyuni issue 6801 has what it does to Salt.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages python3-apt=2.6.0
mkdir -p "$work/root/etc/apt/sources.list.d" "$work/root/etc/apt/keyrings"
list=$work/root/etc/apt/sources.list.d/docker.list
line='https://download.docker.com/linux/debian bookworm stable'
echo "deb [arch=arm64 signed-by=$work/root/etc/apt/keyrings/docker.asc] $line" >"$list"
cat >"$work/add.py" <<'PY'
import sys

import apt_pkg

apt_pkg.init_config()
apt_pkg.config.set("Dir", sys.argv[1])
apt_pkg.init_system()
from aptsources.sourceslist import SourcesList

sources = SourcesList(withMatcher=False)
print("invalid" if any(each.invalid for each in sources) else "valid", end=", ")
wanted = "https://download.docker.com/linux/debian", "bookworm", ["stable"]
sources.add("deb", *wanted, file=sys.argv[2], architectures=["arm64"])
sources.save()
PY
python() { env -u LD_LIBRARY_PATH PYTHONPATH="$work/debian/usr/lib/python3/dist-packages" /usr/bin/python3 "$@"; }
python -c 'import apt_pkg' 2>"$work/log" || cannot "Debian's python3 and libapt-pkg6.0: $(tail -n 1 "$work/log")"
seen=$(python "$work/add.py" "$work/root" "$list")
apt=$(apt-get indextargets --option "Dir=$work/root" 2>&1 | grep -o 'Conflicting values set for option Signed-By' |
  sort -u || true)
seen+="$(grep -c '^deb' "$list") lines, ${apt:-fine}"
as_known "Docker's source; the file when it was added once more; apt" \
  "valid, 1 lines, fine" "invalid, 2 lines, Conflicting values set for option Signed-By" "$seen"
