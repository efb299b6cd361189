#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give users docker contexts, with ssh or TLS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_contexts
short_description: Give users docker contexts, with ssh or TLS
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Creates, changes and removes contexts in C(~/.docker/contexts) of each user, with the user's rights.
  - A context of the same name that someone else made is kept, with a note, or replaced and restored later. Keys of
    C(meta.json) that this module does not know are kept. The user's current context is never changed.
  - A managed context that is no longer in the list is removed, unless it is the user's current one, a builder in the
    user's store has a node there, or someone else has changed it.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.contexts
"""

EXAMPLES = r"""
- name: Reach other hosts' Docker
  multiarch.builders.docker_contexts:
    contexts:
      - name: arm
        host: ssh://ci@arm-1.example.com
        description: builds arm64
      - name: big
        host: tcp://docker.example.com:2376
        ca: files/docker-ca.pem
        client_cert: files/docker-client.pem
        client_key: "{{ vault_docker_client_key }}"
    users: [root, gitlab-runner]
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["create context arm of ci: ssh://ci@arm-1.example.com"]
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts.resource import Contexts
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Contexts)
