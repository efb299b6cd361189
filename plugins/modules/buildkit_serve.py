#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve a builder of the host to clients with certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
module: buildkit_serve
short_description: Serve a builder of the host to clients with certificates
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Has systemd listen on a TCP port, and installs a program, made of this collection's own code, that lets clients
    with one of the allowed certificates use BuildKit in a builder's container.
  - A changed certificate, CA or table of clients is reloaded, connections go on. Those of a client that is no longer
    allowed are closed. Only a new version of the program is restarted, by O(disruption), as it ends connections.
  - With an empty O(serve), the default, all of it is removed.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.serve
"""

EXAMPLES = r"""
- name: Serve the default builder to one pipeline
  multiarch.builders.buildkit_serve:
    serve:
      address: 192.0.2.10
      ca: files/ci-ca.pem
      certificate: files/builds.example.com.pem
      key: files/builds.example.com.key
      clients:
        - name: gitlab-ci
          certificate: files/gitlab-ci.pem

- name: Serve nothing any more
  multiarch.builders.buildkit_serve:
    serve: {}
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["reload multiarch-builders-serve.service: connections of clients that are still allowed go on"]
facts:
  description: What is served to whom, for reports; empty without.
  returned: always
  type: dict
  sample: {"builder": "multiarch", "address": "192.0.2.10", "port": 1234, "running": true, "error": null, "clients": []}
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.resource import Serve
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Serve)
