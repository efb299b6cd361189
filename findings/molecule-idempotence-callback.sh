#!/usr/bin/env bash
# molecule 26.10.0 with ansible-core 2.19.14: `molecule idempotence` passes with any callback that prints no recap, say
# `minimal`, whatever changed. It looks for `changed=1` in what was printed.
# Why it matters: a CI that sets ANSIBLE_STDOUT_CALLBACK for shorter or machine-readable logs tests nothing any more:
# roles that restart dockerd on each run are green.
# Upstream says otherwise: the command "runs the converge step a second time" and is idempotent "if no tasks will be
# marked as changed"; no word of callbacks. Its issue 4063 is open since 2023.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages molecule==26.10.0 ansible-core==2.19.14
scenario=$work/project/molecule/default
mkdir -p "$scenario"
cat >"$scenario/molecule.yml" <<'YML'
driver: {name: default, options: {managed: false}}
platforms: [{name: builder}]
provisioner:
  name: ansible
  inventory:
    hosts:
      all:
        hosts: {builder: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}}
YML
cat >"$scenario/converge.yml" <<'YML'
- hosts: all
  gather_facts: false
  tasks:
    - name: Change something each time
      ansible.builtin.debug: {msg: changed}
      changed_when: true
YML
export HOME=$work ANSIBLE_HOME=$work/ansible
cd "$work/project"
# ask CALLBACK STEP: the step's status
ask() {
  local status=0
  ANSIBLE_STDOUT_CALLBACK=$1 molecule "$2" >"$work/molecule.log" 2>&1 || status=$?
  echo "$status"
}
seen=$(ask default converge; ask default idempotence; ask minimal idempotence)
as_known "status of converge, of idempotence, and of idempotence with the callback minimal" "0 1 1" "0 1 0" \
  "$(paste -sd ' ' <<<"$seen")"
