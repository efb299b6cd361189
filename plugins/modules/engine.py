#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make sure that Docker and buildx are there, in versions that serve."""

from __future__ import annotations

DOCUMENTATION = r"""
module: engine
short_description: Make sure that Docker and buildx are there, in versions that serve
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Looks at dockerd, its client and the buildx plugin, and starts an installed dockerd that does not run. Installs what
    is missing, if O(engine) or O(buildx_plugin) say so.
  - Fails where buildx is too old for builders, and names what was found and the ways out.
extends_documentation_fragment:
  - multiarch.builders.converging
  - multiarch.builders.options.engine
"""

EXAMPLES = r"""
- name: Docker and buildx are there, else from the distribution
  multiarch.builders.engine:
    engine: distro

- name: The buildx plugin is there, on a distribution that has none
  multiarch.builders.engine:
    engine: distro
    buildx_plugin:
      src: files/buildx-v0.29.1.linux-amd64
      sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      version: 0.29.1
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is as asked.
  returned: always
  type: list
  elements: str
  sample: ["start docker, which is installed but not running"]
facts:
  description: The versions of dockerd and of buildx, null for one that is missing or does not run.
  returned: always
  type: dict
  sample: {"docker": "26.1.5+dfsg1", "buildx": "0.13.1+ds1"}
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Engine)
