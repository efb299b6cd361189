#!/usr/bin/env bash
# jc 1.26.1 (PyPI; community.general's filter jc), ssh_conf and sshd_conf: `Port=2222` is an exception, of two
# AllowUsers lines the last counts, and what follows `Match all` is said of the host before it, over its own values.
# Why it matters: audits of builders read these files: who may log in, and how a builder is reached. A user that may
# log in is not seen, and a builder is looked for at another port.
# Upstream says otherwise: ssh_config(5): keyword and arguments may be separated by `=`, and the first value counts;
# sshd_config(5): AllowUsers may be there many times. Of Match the ssh_conf parser's page says that it is ignored.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages jc==1.26.1
seen=$(python3 - <<'PY'
import jc


def read(parser: str, text: str) -> object:
    try:
        return jc.parse(parser, text, quiet=True)
    except ValueError as error:
        return type(error).__name__


print(read("sshd_conf", "AllowUsers admin\nAllowUsers ci\n"))
print([each["port"] for each in read("ssh_conf", "Host builder\n  Port 2222\nMatch all\n  Port 22\n")])
print(read("ssh_conf", "Host builder\n  Port=2222\n"))
PY
)
as_known "AllowUsers of sshd; ports of two hosts of ssh" "admin and ci; 2222, twice" \
  "{'allowusers': 'ci'}
[22]
ValueError" "$seen"
