#!/usr/bin/env bash
# sshpubkeys 3.3.1 (PyPI): a key with `command="sh -c \"docker system dial-stdio\""` in authorized_keys is an error, as
# is the option verify-required. With the first, none of the file's keys is read.
# Why it matters: a key for builds is kept to one command, and a command has quotes. Programs that list or check who may
# reach a builder end at that line.
# Upstream says otherwise: sshd(8), AUTHORIZED_KEYS FILE FORMAT: a quote within command="…" is written `\"`. The package
# "implements validation" of options and names sshd(8); it is not of the options of OpenSSH 8.4 and later.
set -euo pipefail
. "$(dirname "$0")/common.bash"
ssh-keygen -q -t ed25519 -N '' -C ci -f "$work/ci" || cannot "ssh-keygen is missing"
python_packages sshpubkeys==3.3.1
cat >"$work/read.py" <<'PY'
import io
import sys

from sshpubkeys import AuthorizedKeysFile, InvalidKeyError

try:
    print(len(AuthorizedKeysFile(io.StringIO(sys.stdin.read())).keys))
except InvalidKeyError as error:
    print(type(error).__name__)
PY
# ask OPTIONS: what ssh-keygen and the package make of two keys, the second with these options
ask() {
  { cat "$work/ci.pub"; echo "$1 $(cat "$work/ci.pub")"; } >"$work/keys"
  ssh-keygen -l -f "$work/keys" | grep -c ED25519
  python3 "$work/read.py" <"$work/keys"
}
seen=$(ask 'restrict,command="docker system dial-stdio"'
  ask 'restrict,command="sh -c \"docker ps\""'
  ask verify-required)
as_known "keys, as ssh-keygen and sshpubkeys have them: a command, one with quotes, verify-required" "2 2 2 2 2 2" \
  "2 2 2 MalformedDataError 2 UnknownOptionNameError" "$(paste -sd ' ' <<<"$seen")"
