#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ensure that Docker and buildx are installed, in supported versions."""

from __future__ import annotations

DOCUMENTATION = r"""
module: engine
short_description: Ensure that Docker and buildx are installed, in supported versions
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Checks dockerd, its client and the buildx plugin, and starts an installed dockerd that does not run. Installs what
    is missing, if O(engine) or O(buildx_plugin) specify it, and upgrades Docker to O(engine_version).
  - Fails if buildx is too old for builders, with the version found and the remedies.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.engine
"""

EXAMPLES = r"""
- name: Install Docker and buildx from the distribution, unless they are there
  multiarch.builders.engine:
    engine: distro

- name: Install the buildx plugin too, on a distribution without one
  multiarch.builders.engine:
    engine: distro
    buildx_plugin:
      src: files/buildx-v0.29.1.linux-amd64
      sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      version: 0.29.1

- name: Install Docker's own packages from a mirror of their repository, or upgrade them to Docker 29
  multiarch.builders.engine:
    engine: docker
    engine_repository:
      url: https://packages.example.com/docker/linux/debian
      key: files/docker.asc
    engine_version: "29"
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["start docker, which is installed but not running"]
facts:
  description: The versions of dockerd and of buildx, null if it is missing or does not run.
  returned: always
  type: dict
  sample: {"docker": "26.1.5+dfsg1", "buildx": "0.13.1+ds1"}
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.resource import Engine
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Engine)
