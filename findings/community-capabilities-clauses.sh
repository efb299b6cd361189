#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), capabilities: of a program whose capabilities getcap prints in two parts
# (`cap_sys_nice=eip cap_net_bind_service+ep`) the module sees the first alone. Adding one takes away the second part.
# Why it matters: rootlesskit has cap_net_bind_service for ports below 1024. A task that adds another capability takes
# it away, and says no more than that capabilities changed; one that asks for it changes the file on every run.
# Upstream says otherwise: the module's documentation has it for one capability, without a word of others;
# cap_to_text(3) of libcap prints as many parts as there are sets of flags.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
debian_packages libcap2-bin libcap2
PATH=$work/debian/sbin:$PATH
program=$work/rootlesskit
cp /bin/true "$program"
setcap 'cap_net_bind_service=ep cap_sys_nice=eip' "$program" 2>/dev/null || cannot "setcap needs root"
before=$(getcap "$program")
module community.general.capabilities "path=$program capability=cap_net_raw=eip state=present" >"$work/said"
as_known "getcap, before and after cap_net_raw was added" "the same two, and cap_net_raw" \
  "cap_sys_nice=eip cap_net_bind_service+ep; cap_net_raw,cap_sys_nice=eip" \
  "${before#* }; $(getcap "$program" | cut -d ' ' -f 2-)"
