#!/usr/bin/env bash
# pysudoers 3.0.0 (PyPI): of `(root : docker)` the group is another user to run as; with an option (CWD=, TIMEOUT=) or
# an escaped `=` in the command, what is before it belongs to the hosts and what is after it is the command; a second
# list of hosts takes the first one's commands away; the rule of a user by number, `#1000`, is a comment.
# Why it matters: a CI's user has rules for docker in such forms. A list of who may do what as whom is wrong, and no
# rule is reported as not understood.
# Upstream says otherwise: sudoers(5): Runas_Spec is users and, after a colon, groups; Option_Spec stands between it and
# the command; host and command lists repeat after a colon; a number after # is a user-ID. The README calls the
# library "not 100% compliant", and has run-as, hosts and commands as separated.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages pysudoers==3.0.0
printf '%s\n' 'a ALL=(root : docker) /bin/x' 'b ALL=(root) CWD=/srv /bin/x' 'c ALL=(root) /bin/x n\=1' \
  'd ALL=(root) /bin/x : h2=/bin/y' '#1000 ALL=(root) /bin/x' >"$work/sudoers"
seen=$(python3 - "$work/sudoers" <<'PY'
import sys

from pysudoers import Sudoers

for rule in Sudoers(sys.argv[1]).rules:
    print(*rule["users"], *rule["hosts"], [(each["run_as"], each["command"]) for each in rule["commands"]])
PY
)
as_known "user, hosts, whom they run commands as" \
  "a ALL as root, with group docker; b, c and #1000 ALL as root; d twice" \
  "a ALL [(['root', 'docker'], '/bin/x')]
b ALL=(root) [(['root'], '/srv /bin/x')]
c ALL=(root) [(['root'], '1')]
d ALL=(root) [(['root'], '/bin/y')]" "$seen"
