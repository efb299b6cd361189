#!/usr/bin/env bash
# ansible-core 2.19.14: by the test `version`, docker-ce 5:28.5.2 is older than 28.0, and 29.0.0-rc.1 newer than
# 29.0.0. The default compares number by number, so an epoch is the first of them, and a longer version wins. `semver`
# knows release candidates but refuses the package's version; no version_type takes both.
# Why it matters: package_facts and dpkg-query give `5:28.5.2-1~debian.13~trixie`, and roles decide by it what dockerd
# can do. `is version('28.0', '>=')` is false for every Docker of Docker's own repository.
# Upstream says otherwise: ansible/ansible lib/ansible/plugins/test/version.yml names debian versions by no word.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages ansible-core==2.19.14
ask() {
  ansible localhost -i localhost, -c local -m ansible.builtin.debug \
    -a "msg={{ '$1' is version('$2', '>', version_type='$3') }}" 2>/dev/null |
    sed -n 's/^ *"msg": "\{0,1\}\([A-Za-z]*\)"\{0,1\}$/\1/p' | tr '[:upper:]' '[:lower:]'
}
export ANSIBLE_HOME=$work/ansible ANSIBLE_NOCOLOR=1 ANSIBLE_CONFIG=$work/ansible.cfg
: >"$ANSIBLE_CONFIG"
seen="$(ask '5:28.5.2-1~debian.13~trixie' 28.0 loose) $(ask 29.0.0-rc.1 29.0.0 loose) $(ask 29.0.0-rc.1 29.0.0 semver)"
as_known "5:28.5.2… > 28.0, 29.0.0-rc.1 > 29.0.0, the same as semver" "true false false" "false true false" "$seen"
