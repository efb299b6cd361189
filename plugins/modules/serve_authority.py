#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing here runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: serve_authority
short_description: Replace the CA of the hosts that serve builders
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Replaces the CA in C(builder_serve_authority), a folder on the controller, in four steps. Between them the hosts
    are provisioned, so that no connection is refused and no build ends.
  - It runs only on the controller, once for all hosts of the inventory, whatever the run is limited to.
  - C(playbooks/rotate-serve-authority.yml) does it. See C(docs/serve-certificates.md).
options:
  step:
    description:
      - V(add) makes a new CA, which the hosts trust from their next run on. V(issue) makes it the one that issues, to
        clients first. V(serve) has the servers get new certificates, V(drop) removes the former CA. Both fail as long
        as a client uses a certificate of it, V(drop) also as long as a server does.
    type: str
    required: true
    choices: [add, issue, serve, drop]
  replaced:
    description:
      - Clients that are not in the inventory and have their new certificates. Nobody else knows whether the former ones
        are still in use.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Says what would be done, or why it cannot be done.
  diff_mode:
    support: none
    description: Keys are never shown.
  idempotent:
    support: none
    description: Each step is done once.
requirements:
  - cryptography on the controller
"""

EXAMPLES = r"""
- name: Add a CA
  multiarch.builders.serve_authority:
    step: add
  run_once: true

- name: Drop the former CA
  multiarch.builders.serve_authority:
    step: drop
    replaced: [gitlab-ci]
  run_once: true
"""

RETURN = r"""
folder:
  description: The folder of the CA.
  returned: success
  type: str
  sample: /srv/fleet/inventory/serve-authority
done:
  description: What was done, and what comes next.
  returned: success
  type: str
"""
