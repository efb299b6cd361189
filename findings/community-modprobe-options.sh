#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), modprobe with `persistent: present`: a module's options in
# /etc/modprobe.d/NAME.conf that the task does not name are gone, with all that the file has; an empty line is left.
# Two options in one line are not seen at all: `persistent: absent` leaves them.
# Why it matters: `overlay` and `br_netfilter` are loaded this way on every builder. What somebody set for them, and for
# others in the same file, is lost at the next boot.
# Upstream says otherwise: the module's documentation has it that `present` adds the module's name and `params`, and
# comments out for `absent` alone; modprobe.d(5) has many options in a line. We found no issue about it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
mkdir "$work/modprobe.d" "$work/modules-load.d"
# persistent present|absent NAME: the part of the module that writes files; the whole wants a kernel that has modules
persistent() {
  PYTHONPATH=$work/collections python3 - "$work" "$@" <<'PY'
import sys
from types import SimpleNamespace

from ansible_collections.community.general.plugins.modules import modprobe

work, wanted, name = sys.argv[1:]
modprobe.MODULES_LOAD_LOCATION = f"{work}/modules-load.d"
modprobe.PARAMETERS_FILES_LOCATION = f"{work}/modprobe.d"
task = {"name": name, "params": "", "state": "present", "persistent": wanted}
host = SimpleNamespace(params=task, check_mode=False, get_bin_path=lambda *names: "modprobe")
asked = modprobe.Modprobe(host)
if wanted == "present" and not (asked.module_is_loaded_persistently and asked.params_is_set):
    asked.load_module_permanent()
elif wanted == "absent" and (asked.module_is_loaded_persistently or asked.permanent_params):
    asked.unload_module_permanent()
print("changed" if asked.changed else "unchanged", end=", ")
PY
}
echo overlay >"$work/modules-load.d/overlay.conf"
printf 'options overlay metacopy=off\noptions loop max_loop=64\n' >"$work/modprobe.d/overlay.conf"
echo 'options nf_conntrack hashsize=65536 expect_hashsize=512' >"$work/modprobe.d/local.conf"
seen="$(persistent present overlay; grep -c . "$work/modprobe.d/overlay.conf" || true); $(
  persistent absent nf_conntrack; cat "$work/modprobe.d/local.conf")"
as_known "lines left of two, where overlay is loaded already; the other file, when nf_conntrack was made absent" \
  "unchanged, 2; changed, #options nf_conntrack hashsize=65536 expect_hashsize=512" \
  "changed, 0; unchanged, options nf_conntrack hashsize=65536 expect_hashsize=512" "$seen"
