# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing here runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: spec
short_description: Check the whole input, before any host is touched
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Checks all input of the other modules of this collection, on the controller, without connecting to any host.
  - Reports all problems at once, each with the variable, its value and the remedy. Secrets are never shown.
  - The other modules check their own options in the same way. This one is for the start of a play, and for a pipeline
    that checks an inventory without access to its hosts.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.options
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
  idempotent:
    support: full
    description: Running it again gives the same result.
requirements:
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Check the input of every host
  multiarch.builders.spec:
    platforms: [amd64, aarch64, armhf]
    registries:
      - host: docker.io
        mirrors: [harbor.example.com/dockerhub]
      - host: harbor.example.com
        ca: files/harbor-ca.pem
    buildkit_options:
      worker:
        oci:
          maxUsedSpace: 60GB
    users: [root, gitlab-runner]
"""

RETURN = r"""
problems:
  description: What is wrong, in the order of the checks.
  returned: when the input cannot be used
  type: list
  elements: dict
  contains:
    variable:
      description: The variable, with the path inside it.
      type: str
      sample: builder_registries[1].host
    value:
      description: The value as it may be shown; empty for secrets, lists and mappings.
      type: str
      sample: "'https://harbor.example.com'"
    message:
      description: What is wrong with it.
      type: str
      sample: has a scheme
    remedy:
      description: What to do about it.
      type: str
      sample: "Write host[:port] only, and `http: true` for a registry without TLS"
"""
