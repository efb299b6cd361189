#!/usr/bin/env bash
# community.general 11.4.2 (ansible 12.3.0), ssh_config: setting one host's port rewrites the whole file. `SetEnv
# NAME=VALUE` of another host becomes `setenv name VALUE`, which ssh refuses with all of the file, and a second Include,
# SendEnv or CertificateFile is gone.
# Why it matters: the file that knows the builders does not work any more after an unrelated task that says "changed".
# Upstream says otherwise: ssh_config(5): keyword and argument are parted by blanks or one `=`; Include, SendEnv,
# CertificateFile and others may be there several times. The module's documentation speaks of one host.
set -euo pipefail
. "$(dirname "$0")/common.bash"
. "$(dirname "$0")/collections.bash"
collections community.general -- paramiko==5.1.0
file=$work/config
cat >"$file" <<'SSH'
Include config.d/arm64
Include config.d/riscv64

Host builder
    SetEnv BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock
    SendEnv LANG
    SendEnv DOCKER_*
SSH
ask() {
  local said
  said=$(ssh -G -F "$file" builder 2>&1 | tr -d "\r") || { sed 's/^.*line [0-9]*: //; q' <<<"$said"; return; }
  grep -E '^(setenv|sendenv) ' <<<"$said" | sort -u | paste -sd , | sed 's/,/, /g'
}
ssh -V 2>&1 || cannot "ssh is missing"
before=$(ask)
module community.general.ssh_config "ssh_config_file=$file host=other hostname=10.0.0.5 port=2222" >"$work/said"
as_known "ssh -G builder before and after; the lines with env and Include" "twice the same; two, one and two" \
  "sendenv DOCKER_*, sendenv LANG, setenv BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock
Invalid SetEnv.
include config.d/arm64
setenv buildkit_host unix:///run/buildkit/buildkitd.sock
sendenv LANG" "$before
$(ask)
$(grep -iE 'env|include' "$file" | sed 's/^ *//')"
