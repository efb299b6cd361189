#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what is ours from a host, and restore what was there before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: retire
short_description: Remove what the builders brought to a host, and restore what was there before
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Removes the builders, handlers, emulators, certificates, logins and keys that the other modules of this collection
    brought, and nothing else. What they replaced comes back.
  - What is ours is known from the record on the host, C(/var/lib/multiarch-builders), which goes last. The inventory
    need not be right any more. A run that ends too early leaves the record true, and the next one finishes.
  - Volumes with caches stay unless O(volumes) is set, and are told with their size. Packages always stay.
extends_documentation_fragment:
  - multiarch.builders.options.retire
options:
  only:
    description:
      - What to remove. V(all) is everything.
      - V(leftovers) are builders of ours that are no more in O(instances), and the builders and client settings of
        those who are no more in O(users).
    type: str
    choices: [all, leftovers]
    default: all
  volumes:
    description:
      - Whether the volumes with the builders' caches go, too. One that was there before us stays.
    type: bool
    default: false
  instances:
    description:
      - The builders that are still asked for, with V(leftovers); their names count.
    type: list
    elements: dict
    default:
      - name: multiarch
        default: true
  users:
    description:
      - The users who still have builders, with V(leftovers).
    type: list
    elements: str
    default: [root]
attributes:
  check_mode:
    support: full
    description: Tells all that would go, and changes nothing.
  diff_mode:
    support: full
    description: Shows files before and after, never a secret.
  idempotent:
    support: full
    description: A host where nothing is ours is not changed.
requirements:
  - Python 3.9 or later on the host, nothing else
"""

EXAMPLES = r"""
- name: Remove what is ours, caches too
  multiarch.builders.retire:
    volumes: true

- name: Remove builders that left the variables
  multiarch.builders.retire:
    only: leftovers
    instances: "{{ builder_instances }}"
    users: "{{ builder_users }}"
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if nothing is ours.
  returned: always
  type: list
  elements: str
  sample: ["remove builder multiarch of root, ci: container buildx_buildkit_multiarch0 goes"]
notes:
  description: What stays, and why; see RV(multiarch.builders.plan#module:notes). As long as something V(waits), the
    record stays.
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
  description: Why it failed, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

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
