#!/usr/bin/env bash
# iptables-converter 0.9.10 (PyPI): of two rules that are inserted (`-I`) it writes the second first, and again with -I.
# iptables-restore puts each at the head, so the first is before the second, the other way round than with iptables.
# `-I` into an empty chain is an error.
# Why it matters: rules for Docker's chain DOCKER-USER are inserted: first `-j DROP`, then what may pass. Restored, all
# is dropped before that, and nobody reaches the builder.
# Upstream says otherwise: it converts commands to what iptables-save prints; iptables(8): without a number a rule is
# inserted at the head of the chain, which may be empty.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages iptables-converter==0.9.10
# ask COMMAND...: the converted lines about DOCKER-USER
ask() {
  printf 'iptables %s\n' '-N DOCKER-USER' "$@" >"$work/rules"
  { iptables-converter -s "$work/rules" 2>&1 || true; } | sed -n 's/ *$//; s/^\(-[AI].*\|Empty.*\)$/\1/p' | paste -sd ,
}
accept='-I DOCKER-USER -s 10.0.0.0/8 -j ACCEPT'
seen=$(ask '-A DOCKER-USER -j RETURN' '-I DOCKER-USER -j DROP' "$accept"; ask "$accept")
as_known "RETURN appended, DROP and then ACCEPT inserted; ACCEPT inserted into the empty chain" \
  "lines after which ACCEPT, DROP and RETURN follow each other; ACCEPT alone" \
  "-I DOCKER-USER -s 10.0.0.0/8 -j ACCEPT,-I DOCKER-USER -j DROP,-A DOCKER-USER -j RETURN
Empty chain DOCKER-USER allows append only!" "$seen"
