# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name; nothing here runs on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replay
short_description: Check the input of all hosts, and find those that have not changed since their last full plan
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - A full plan with nothing to do leaves a trace on the host, which lists everything that the plan read, each with a
    digest. This module reads the same again, on all hosts of the play in parallel, and compares.
  - An unchanged host needs no plan. Any doubt leads to a full plan, such as a trace that is missing, damaged, too old,
    accessible to others than root, or from another desired state or another version of this collection.
  - Checks the input of all hosts first, as M(multiarch.builders.spec) does for one. If that of any host is invalid, it
    connects to none, and the run ends for all. With C(serial) the first batch checks the input of all hosts.
  - If all input is valid, issues and renews the certificates of hosts that serve builders and of their clients, in
    C(builder_serve_authority) on the controller. See C(docs/serve-certificates.md).
  - For a task with C(run_once), in a role of this collection.
extends_documentation_fragment:
  - multiarch.builders.options
attributes:
  check_mode:
    support: full
    description: Changes no host. What would be issued is reported, and not done.
  diff_mode:
    support: none
    description: Never changes anything.
  idempotent:
    support: full
    description: Changes no host. Certificates are issued once.
requirements:
  - tomlkit and cryptography on the controller
"""

EXAMPLES = r"""
- name: Check the input and find unchanged hosts
  multiarch.builders.replay:
  run_once: true
  register: replay

- name: End here if nothing has changed
  ansible.builtin.meta: end_role
  when: inventory_hostname in replay.unchanged
"""

RETURN = r"""
issued:
  description: What was done in the folder of the CA, or would be.
  returned: if something was due
  type: list
  elements: str
  sample: [issue a certificate for client gitlab-ci]
problems:
  description: What is wrong, each once; as of M(multiarch.builders.spec).
  returned: when the input of any host is invalid
  type: list
  elements: dict
invalid:
  description: The problems of each host whose input is invalid, by name.
  returned: when the input of any host is invalid
  type: dict
stopped:
  description: The other hosts, on which nothing was done either.
  returned: when the input of any host is invalid
  type: list
  elements: str
unchanged:
  description: The hosts of the batch that need no full plan, by name.
  returned: success
  type: dict
  contains:
    result:
      description: The result of the full plan, which is still valid.
      type: dict
    time:
      description: When that plan was made, in seconds since 1970.
      type: float
      sample: 1764417600.25
full_plans:
  description: The other hosts of the batch, by the reason for a full plan.
  returned: success
  type: dict
  sample:
    content /etc/docker/daemon.json has changed: [ci-1, ci-2]
"""
