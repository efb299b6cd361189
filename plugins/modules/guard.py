#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a host look after its builders between two runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: guard
short_description: Have a host look after its builders between two runs
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Installs a systemd timer and one program, made of this collection's own code. It registers managed handlers
    again that a job removed or replaced, and writes metrics for the textfile collector of node-exporter.
  - With O(guard=false), the default, all of it is removed.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.guard
"""

EXAMPLES = r"""
- name: Look after the builders
  multiarch.builders.guard:
    guard: true

- name: Write metrics for another node-exporter than Debian's
  multiarch.builders.guard:
    guard: true
    guard_options:
      metrics: /var/lib/node_exporter/multiarch_builders.prom
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["start multiarch-builders-guard.timer"]
facts:
  description: What the guard did, for reports; empty without one.
  returned: always
  type: dict
  sample: {"running": true, "heals": 1, "last_heal": "2026-11-21T11:30:59Z", "healed": ["qemu-arm"], "limited": null}
notes:
  description: What was left unchanged or is pending, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
failures:
  description: The reasons for the failure, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.resource import Guard
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Guard)
