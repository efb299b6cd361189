#!/usr/bin/env bash
# logfmt 0.4 (PyPI) and logfmt 1.4.0 (npm) on a line of dockerd's log. To the first a text that has a quote and a
# newline (`\"`, `\n`) is the value true, and what follows is lost. The second makes an `n` of the newline.
# Why it matters: dockerd, buildkitd and containerd write their errors so, and most of them quote what failed. A search
# or an alarm by message sees none of it.
# Upstream says otherwise: both are parsers of logfmt lines, with quoted texts. logrus, which writes these lines, quotes
# as Go does (its text_formatter.go), and Go's go-logfmt reads quoted texts as JSON's.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages logfmt==0.4
node_packages logfmt@1.4.0
line='level=error msg="failed to solve: \"app\" not found\n" spanID=7f'
first=$(python3 -c 'import json, sys, logfmt; print(json.dumps(logfmt.parse_line(sys.argv[1])))' "$line")
cat >"$work/node/parse.js" <<'JS'
console.log(JSON.stringify(require("logfmt").parse(process.argv[2])));
JS
as_known "$line" 'that msg and spanID, twice' \
  '{"level": "error", "msg": true}; {"level":"error","msg":"failed to solve: \"app\" not foundn","spanID":"7f"}' \
  "$first; $(node "$work/node/parse.js" "$line")"
