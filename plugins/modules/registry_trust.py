#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a host trust its registries, and log its users in."""

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_trust
short_description: Make a host trust its registries, and log its users in
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Writes CA and client certificates to the directory C(certs.d) of dockerd and CAs to the operating system's store,
    and removes managed ones that are no longer in the table.
  - Does the same in C(~/.config/docker/certs.d) of each user with a rootless Docker.
  - Merges logins into C(~/.docker/config.json) of each user, or passes them to the credential helper named there, and
    removes managed ones that are no longer specified, unless someone else has changed them.
  - dockerd reads the operating system's store only when it starts. M(multiarch.builders.docker_daemon) detects changes
    and restarts it.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.trust
"""

EXAMPLES = r"""
- name: Trust the company's Harbor
  multiarch.builders.registry_trust:
    registries:
      - host: harbor.example.com
        ca: files/harbor-ca.pem
        username: robot$ci
        password: "{{ vault_harbor_password }}"
    users: [root, gitlab-runner]
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["write /etc/docker/certs.d/harbor.example.com/ca.crt (1 certificate, sha256 0f3c…)"]
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.resource import Trust
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Trust)
