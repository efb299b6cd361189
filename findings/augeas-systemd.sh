#!/usr/bin/env bash
# augeas-lenses 1.14.0: in a unit what follows a `#` is a comment to it, in a word or in quotes, and a quoted argument
# with a blank is two. With `Environment=`, which empties the list, the file cannot be parsed.
# Why it matters: drop-ins empty lists first, and a Git context is `https://…/app.git#main`. A tool that changes an
# argument by its number, or a variable, changes another or half of it.
# Upstream says otherwise: systemd.syntax(7): a comment is a line that begins with `#` or `;`; systemd.exec(5): an empty
# Environment= resets; systemd.service(5): quotes group words. Its pull request 757 added empty variables, not this.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/augeas.bash"
ask() {
  printf '[Service]\n%s\n' "$1" >"$work/root/etc/file"
  tree Systemd | sed -n 's#^/files/etc/file/Service/##p' | paste -sd ' '
}
seen=$(ask 'ExecStart=/bin/sh -c "exec a"'; ask 'Environment=TAG=a#b'; ask Environment=; echo .)
as_known 'ExecStart=/bin/sh -c "exec a"; Environment=TAG=a#b; Environment=' \
  "arguments -c and exec a; TAG = a#b; Environment" \
  'ExecStart ExecStart/command = "/bin/sh" ExecStart/arguments ExecStart/arguments/1 = "-c" '\
'ExecStart/arguments/2 = "\"exec" ExecStart/arguments/3 = "a\""
Environment Environment/TAG = "a" Environment/#comment = "b"

.' "$seen"
