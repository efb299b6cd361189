#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), cronvar: of a value with a `#`, say a Git context, the module reads what is
# before it, and of a value with blanks the words without them. Each run says that it changed the file.
# Why it matters: a play that sets what a nightly build is made of never comes to rest, and its handlers run each time.
# Upstream says otherwise: crontab(5): comments are not allowed on the same line as settings of the environment, and
# blanks within a value belong to it. The module's documentation has no word of either; we found no issue about it.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general
debian_packages cron=3.0pl1-162
file=$work/nightly
printf '%s\n' 'CONTEXT=https://git.example/app.git#main' 'PLATFORM=linux/arm64' '0 2 * * * ci build' >"$file"
ask() {
  module community.general.cronvar "{\"name\": \"$1\", \"value\": \"$2\", \"cron_file\": \"$file\"}" |
    sed -n 's/^ *"changed": \(.*\),/\1/p'
}
before=$(cat "$file")
seen=$(ask PLATFORM linux/arm64
  for _ in 1 2; do
    ask CONTEXT 'https://git.example/app.git#main'
  done)
[ "$before" = "$(cat "$file")" ] && seen="$seen same"
as_known "changed, for values that are there: PLATFORM, CONTEXT twice; the file afterwards" "false false false same" \
  "false true true same" "$(paste -sd ' ' <<<"$seen")"
