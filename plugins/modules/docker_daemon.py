#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge settings into daemon.json, and restart dockerd if required."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon
short_description: Merge settings into daemon.json, and restart dockerd if required
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Merges O(daemon_options), the mirrors of Docker Hub and the containerd image store into
    C(/etc/docker/daemon.json). Foreign keys are kept, managed keys that are no longer specified are removed.
  - The result is validated by dockerd itself before it is written. If dockerd does not start with it, the former
    file is restored and dockerd started again.
  - A backup of each former file is kept below C(/var/lib/multiarch-builders/backups).
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.daemon
"""

EXAMPLES = r"""
- name: Run dockerd with a mirror and small logs
  multiarch.builders.docker_daemon:
    registries:
      - host: docker.io
        mirrors: [mirror.example.com]
    daemon_options:
      log-driver: local
    disruption: wait
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["restart docker: features.containerd-snapshotter: absent → true"]
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Daemon)
