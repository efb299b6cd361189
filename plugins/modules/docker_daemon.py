#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge into daemon.json, and restart dockerd where it must be."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon
short_description: Merge into daemon.json, and restart dockerd where it must be
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Merges O(daemon_options), the mirrors of Docker Hub and the containerd image store into
    C(/etc/docker/daemon.json). Keys of others stay, keys of ours that are no longer asked for go.
  - The result is validated by dockerd itself before it is written. If dockerd does not come up with it, the former
    file is put back and dockerd started again.
  - A copy of each former file is kept below C(/var/lib/multiarch-builders/backups).
extends_documentation_fragment:
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
  description: What was done, or would be in check mode; empty if the host is as asked.
  returned: always
  type: list
  elements: str
  sample: ["restart docker: features.containerd-snapshotter: absent → true"]
facts:
  description: What was seen, for those who report it; empty where there is nothing to tell.
  returned: always
  type: dict
  sample: {}
notes:
  description: What was left alone or waits, and why.
  returned: always
  type: list
  elements: str
  sample: []
failures:
  description: Why it failed, as data, of which the message for people is made.
  returned: when it fails
  type: list
  elements: dict
  contains:
    concern:
      description: The concern; empty if it is of none.
      type: str
      sample: buildx
    message:
      description: What and why in one line, at whose end the cause stands.
      type: str
      sample: "builder multiarch of root does not run: network nope not found"
    cause:
      description: Why.
      type: str
      sample: network nope not found
    remedy:
      description: What to do; empty if the message says it, or nothing is known.
      type: str
      sample: Mend builder_daemon_options
    said:
      description: What a program printed, in whole lines, if it is about one.
      type: str
      sample: "`docker buildx create` said:\n#1 [internal] booting buildkit"
"""

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Daemon)
