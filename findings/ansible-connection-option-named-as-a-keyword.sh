#!/usr/bin/env bash
# ansible-core 2.19.14: an option of a connection plugin that has the name of a task's keyword gets the keyword's value,
# though its documentation declares no `keyword:`, and though no task sets that keyword: an option `delay` with the
# default 0.5 is 5, `name` is the task's name, `check_mode` is false in a run without --check.
# Why it matters: a connection plugin for slow or simulated hosts waits five seconds for each command, and no line of
# the inventory, of ansible.cfg or of the playbook says so. Only a variable that the option declares wins.
# Upstream: `keyword:` is a source that an option can declare (ansible.builtin.ssh has it for `timeout`); this one does
# not, and ansible-doc shows none. lib/ansible/config/manager.py takes a keyword of the option's own name all the same.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages ansible-core==2.19.14
mkdir -p "$work/connection"
cat >"$work/connection/told.py" <<'PLUGIN'
from ansible.plugins.connection import ConnectionBase
DOCUMENTATION = """
name: told
short_description: Answers each command with its own options
description: For this finding.
options:
  delay:
    description: Seconds.
    type: float
    default: 0.5
    vars: [{name: told_delay}]
  name:
    description: A name.
    type: str
    default: of-the-plugin
  pause:
    description: Seconds, under a name that is no keyword.
    type: float
    default: 0.5
"""


class Connection(ConnectionBase):
    transport = "told"

    def _connect(self):
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        return 0, " ".join(str(self.get_option(each)) for each in ("delay", "name", "pause")).encode(), b""

    def put_file(self, in_path, out_path):
        pass

    fetch_file = put_file

    def close(self):
        pass
PLUGIN
cat >"$work/play.yml" <<'PLAY'
- hosts: all
  gather_facts: false
  tasks:
    - name: a-task
      ansible.builtin.raw: anything
      register: said
    - ansible.builtin.debug:
        msg: "SAID {{ said.stdout }}"
PLAY
ask() {
  ansible-playbook -i host, -e ansible_connection=told "$@" "$work/play.yml" 2>/dev/null |
    sed -n 's/.*SAID \([^"]*\).*/\1/p'
}
export ANSIBLE_HOME=$work/ansible ANSIBLE_NOCOLOR=1 ANSIBLE_CONFIG=$work/ansible.cfg
export ANSIBLE_CONNECTION_PLUGINS=$work/connection
: >"$ANSIBLE_CONFIG"
seen="$(ask); $(ask -e told_delay=0.25)"
as_known "delay, name and pause; the same with a variable for delay" \
  "0.5 of-the-plugin 0.5; 0.25 of-the-plugin 0.5" "5.0 a-task 0.5; 0.25 a-task 0.5" "$seen"
