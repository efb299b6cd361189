#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create buildx builders, and keep them as asked."""

from __future__ import annotations

DOCUMENTATION = r"""
module: buildx_builder
short_description: Create buildx builders, and keep them as asked
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Compares each builder with the store of each user and with the container that runs. What differs is created
    again; its cache is kept.
  - A builder runs only when every node of it does, whatever exit status buildx has.
extends_documentation_fragment:
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
  description: What was done, or would be in check mode; empty if the host is as asked.
  returned: always
  type: list
  elements: str
  sample: ["create builder multiarch for root: not in the store"]
facts:
  description: What was seen, for those who report it; empty where there is nothing to tell.
  returned: always
  type: dict
  sample: {}
notes:
  description: What was left alone or waits, and why; see RV(multiarch.builders.plan#module:notes).
  returned: always
  type: list
  elements: dict
failures:
  description: Why it failed, as data; see RV(multiarch.builders.plan#module:failures).
  returned: when it fails
  type: list
  elements: dict
"""

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Buildx)
