#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), ssh_config: of a host with an option that the task does not name, say
# `User`, the module says each time that it changed, and shows a difference without that option. It stays in the file.
# Why it matters: a play that sets up the way to the builders never comes to rest, handlers run each time, and the
# difference that one is asked to agree to is not what is done.
# Upstream says otherwise: the module's documentation has full support of check mode, and no word of options that are
# not given. Its issue 7733 tells of `Host *`, where each run adds an entry.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general -- paramiko==5.1.0
file=$work/config
printf 'Host builder\n    hostname 10.0.0.5\n    user build\n' >"$file"
ask() {
  module community.general.ssh_config "ssh_config_file=$file host=builder hostname=10.0.0.5" | sed '1s/.*=> //' |
    python3 -c '
import json, sys
said = json.load(sys.stdin)
print(said["changed"], *(sorted(each["builder"]["new"]) for each in said["hosts_change_diff"]))'
}
seen="$(ask); $(ask); $(sed -n 's/^ *//; 2,$p' "$file" | paste -sd ,)"
as_known "changed, and the options that are to be, twice; the file" \
  "False; False; hostname 10.0.0.5,user build" \
  "True ['hostname']; True ['hostname']; hostname 10.0.0.5,user build" "$seen"
