#!/usr/bin/env bash
# docker 7.2.0 with paramiko 5.1.0: one line with @cert-authority in ~/.ssh/known_hosts, for whatever hosts, and the
# SDK reaches no host over ssh:// at all: InvalidHostKey "Incorrect padding", before it connects.
# Why it matters: who trusts the builders' host keys by a certificate authority has that line, which `docker` over
# ssh:// needs. paramiko takes the second field for the key's type and its type for the key.
# Upstream says otherwise: sshd(8) has the marker in SSH_KNOWN_HOSTS FILE FORMAT; HostKeys.load() of paramiko means to
# leave out lines that it does not know, but passes on this exception. paramiko's issue 771 and pull request 1156 are
# open.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker==7.2.0 paramiko==5.1.0
mkdir -p "$work/home/.ssh"
seen=$(HOME=$work/home python3 - <<'PY'
import base64
from pathlib import Path

import docker
from paramiko.hostkeys import InvalidHostKey
from paramiko.ssh_exception import NoValidConnectionsError

key = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))).decode()
for line in (f"*.builders.lan ssh-ed25519 {key}", f"@cert-authority *.builders.lan ssh-ed25519 {key}"):
    Path("~/.ssh/known_hosts").expanduser().write_text(line + "\n")
    try:
        docker.APIClient(base_url="ssh://build@127.0.0.1:1", version="1.45")  # where nobody listens
    except NoValidConnectionsError:
        print("tries to connect", end=", ")
    except InvalidHostKey as error:
        print("InvalidHostKey", error.args[1], end=", ")
PY
)
as_known "ssh://127.0.0.1:1 with a host's key, with an authority's key for other hosts" \
  "tries to connect, tries to connect" "tries to connect, InvalidHostKey Incorrect padding" "${seen%, }"
