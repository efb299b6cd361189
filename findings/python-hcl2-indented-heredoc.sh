#!/usr/bin/env bash
# python-hcl2 8.1.4: plain strings (preserve_heredocs=False, strip_string_quotes=True) of a heredoc: below `<<-` each
# backslash is doubled and each quote has one before it, below `<<` they are as written. Neither has the last newline.
# Why it matters: `dockerfile-inline` of a bake file is such a heredoc, mostly indented. Its RUN lines that go on after
# a backslash end there, and its quotes are no quotes.
# Upstream says otherwise: HCL's specification (hclsyntax/spec.md) has no backslash escapes in heredocs, `-` takes
# away indentation alone; hashicorp/hcl, so bake too, keeps the last newline.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages python-hcl2==8.1.4
seen=$(python3 - <<'PY'
import hcl2

options = hcl2.SerializationOptions(preserve_heredocs=False, strip_string_quotes=True)
for start in ("<<", "<<-"):
    text = f'target "app" {{\n  dockerfile-inline = {start}EOT\nRUN echo "a" \\\n&& true\nEOT\n}}\n'
    print(repr(hcl2.loads(text, serialization_options=options)["target"][0]["app"]["dockerfile-inline"]))
PY
)
known='RUN echo "a" \\\n&& true'
indented='RUN echo \\"a\\" \\\\\n&& true'
as_known "the Dockerfile below <<EOT and below <<-EOT" "'$known\\n', twice" "'$known'
'$indented'" "$seen"
