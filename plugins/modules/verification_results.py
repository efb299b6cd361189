#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluate what was proven on each host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verification_results
short_description: Evaluate what was proven on each host, and write files for CI
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Evaluates the results of role C(builder_verify) for each host of the play, including unreachable ones, as checks
    that passed, failed or were skipped. Reports those that failed, with the evidence on the host and the remedy.
  - With O(directory) they are written there as C(verification.json) and C(verification.xml) (JUnit format).
  - Runs on the controller, once for all hosts; use it with C(run_once).
options:
  directory:
    description:
      - A directory on the controller, created if it is missing. If empty, no file is written.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: The files are written in check mode, too.
  diff_mode:
    support: none
    description: Changes nothing on any host.
"""

EXAMPLES = r"""
- name: Evaluate
  multiarch.builders.verification_results:
    directory: results
  register: verdict
  run_once: true

- name: Report failures
  ansible.builtin.fail:
    msg: "{{ verdict.problems[inventory_hostname] }}"
  when: inventory_hostname in verdict.problems
"""

RETURN = r"""
problems:
  description: For each host that failed, which checks failed.
  returned: always
  type: dict
  sample: {"ci-1": "2 of 31 checks failed: runs[linux/arm64], as_asked[binfmt]"}
files:
  description: What was written.
  returned: always
  type: list
  elements: str
  sample: [/srv/results/verification.json, /srv/results/verification.xml]
counts:
  description: How many C(hosts), C(hosts_failed) and C(checks).
  returned: always
  type: dict
  sample: {"hosts": 3, "hosts_failed": 1, "checks": 93}
"""

# The implementation is plugins/action/verification_results.py.
