#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), kernel_blacklist: check mode makes the file in /etc/modprobe.d, and says
# that it changes something also where a module is to be absent from a file that is not there.
# Why it matters: a dry run on a builder writes to the host, and a cleanup that has nothing to do is not told as such.
# Upstream says otherwise: the module's documentation has full support of check mode, "without modifying target". We
# found no issue about it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
file=$work/blacklist.conf
ask() {
  rm -f "$file"
  ansible localhost -i localhost, -c local -e "ansible_python_interpreter=$work/python/bin/python" --check \
    -m community.general.kernel_blacklist -a "name=floppy state=$1 blacklist_file=$file" 2>"$work/ansible.log" |
    sed -n 's/^ *"changed": \(.*\),/\1/p'
  stat --format='a file of %s bytes' "$file" 2>/dev/null || true
}
seen=$(ask present; ask absent)
as_known "in check mode, where there is no file: changed, and what is there then, for present and for absent" \
  "true; false" "true, a file of 0 bytes; true, a file of 0 bytes" \
  "$(paste -sd ',;,' <<<"$seen" | sed 's/[,;]/& /g')"
