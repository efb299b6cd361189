#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create buildx builders, and keep them in their desired state."""

from __future__ import annotations

DOCUMENTATION = r"""
module: buildx_builder
short_description: Create buildx builders, and keep them in their desired state
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Compares each builder with the store of each user and with the running container. What differs is recreated; its
    cache is kept.
  - A builder counts as running only if all its nodes run, regardless of the exit status of buildx.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.buildx
"""

EXAMPLES = r"""
- name: A builder for root and the CI user
  multiarch.builders.buildx_builder:
    instances:
      - name: multiarch
        default: true
        driver_opts:
          memory: 8g
    users: [root, gitlab-runner]
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["create builder multiarch for root: not in the store"]
facts:
  description: What was observed, for reports; empty if there is nothing to report.
  returned: always
  type: dict
  sample: {}
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Buildx)
