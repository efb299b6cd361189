#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove everything managed from a host, and restore what was there before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: retire
short_description: Remove everything managed from a host, and restore what was there before
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Removes the builders, handlers, emulators, certificates, logins and keys that the other modules of this collection
    created, and nothing else. What they replaced is restored.
  - The record on the host, C(/var/lib/multiarch-builders), says what is managed, and is removed last. The inventory
    need not be correct any more. An interrupted run leaves the record correct, and the next one finishes.
  - Volumes with caches are kept unless O(volumes) is set, and are reported with their size. Packages are always kept.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options.retire
options:
  only:
    description:
      - What to remove. V(all) is everything.
      - V(leftovers) are managed builders that are no longer in O(instances), and the builders, client settings and
        inherited configurations of users who are no longer in O(users).
    type: str
    choices: [all, leftovers]
    default: all
  volumes:
    description:
      - Whether to remove the volumes with the builders' caches, too. One that existed before is kept.
    type: bool
    default: false
  instances:
    description:
      - With V(leftovers), the builders that are still specified; only their names matter.
    type: list
    elements: dict
    default:
      - name: multiarch
        default: true
  users:
    description:
      - With V(leftovers), the users who still have builders.
    type: list
    elements: str
    default: [root]
attributes:
  check_mode:
    support: full
    description: Reports everything that would be removed, and changes nothing.
  diff_mode:
    support: full
    description: Shows files before and after, never a secret.
  idempotent:
    support: full
    description: A host with nothing managed is not changed.
requirements:
  - Python 3.9 or later on the host, nothing else
"""

EXAMPLES = r"""
- name: Remove everything managed, including caches
  multiarch.builders.retire:
    volumes: true

- name: Remove builders that are no longer in the variables
  multiarch.builders.retire:
    only: leftovers
    instances: "{{ builder_instances }}"
    users: "{{ builder_users }}"
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if nothing is managed.
  returned: always
  type: list
  elements: str
  sample: ["remove builder multiarch of root, ci: container buildx_buildkit_multiarch0 is removed"]
notes:
  description: What is kept, and why; see RV(multiarch.builders.plan#module:notes). As long as something V(waits), the
    record is kept.
  returned: always
  type: list
  elements: dict
  sample: [{concern: record, kind: left_alone, text: nothing managed is on this host}]
plan:
  description: The actions of each concern.
  returned: always
  type: list
  elements: dict
  sample:
    - concern: trust
      actions: ["log ci out of harbor.example.com"]
failures:
  description: The reasons for the failure, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

if __name__ == "__main__":
    compiled.keep()  # of what is imported from here on

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import DEFAULT_INSTANCE, argument_spec
from ansible_collections.multiarch.builders.plugins.module_utils.run.module import Module
from ansible_collections.multiarch.builders.plugins.module_utils.run.retire import retire

OWN = {
    "only": {"type": "str", "choices": ["all", "leftovers"], "default": "all"},
    "volumes": {"type": "bool", "default": False},
    "instances": {"type": "list", "elements": "dict", "default": [DEFAULT_INSTANCE]},
    "users": {"type": "list", "elements": "str", "default": ["root"]},
}


def main() -> None:
    """One call."""
    retire(Module({**argument_spec("retire"), **OWN}, supports_check_mode=True))


if __name__ == "__main__":
    main()
