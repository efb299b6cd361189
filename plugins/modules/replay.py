# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing here runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replay
short_description: Find the hosts that have not changed since a full plan found nothing to do
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - A full plan with nothing to do leaves a trace on the host, which lists everything that the plan read, each with a
    digest. This module reads the same again, on all hosts of the play in parallel, and compares.
  - An unchanged host needs no plan. Any doubt leads to a full plan, such as a trace that is missing, damaged, too old,
    accessible to others than root, or from another desired state or another version of this collection.
  - Checks the input of all hosts first. If that of any host is invalid, it connects to none.
  - For a task with C(run_once), in a role of this collection.
extends_documentation_fragment:
  - multiarch.builders.options
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
  idempotent:
    support: full
    description: Never changes anything.
requirements:
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Find the hosts that have nothing to do
  multiarch.builders.replay:
  run_once: true
  register: replay

- name: End here if nothing has changed
  ansible.builtin.meta: end_role
  when: "'result' in replay.hosts[inventory_hostname]"
"""

RETURN = r"""
hosts:
  description: The finding on each host of the batch, by name.
  returned: success
  type: dict
  contains:
    result:
      description: The result of the full plan, which is still valid. Missing if a full plan is needed.
      type: dict
    time:
      description: When that plan was made, in seconds since 1970. Missing if a full plan is needed.
      type: float
      sample: 1764417600.25
    why:
      description: Why a full plan is needed. Missing if none is.
      type: str
      sample: content /etc/docker/daemon.json has changed
"""
