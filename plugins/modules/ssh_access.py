#!/usr/bin/python
# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let users of other hosts reach this host's Docker by ssh, for builds alone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_access
short_description: Let users of other hosts reach this host's Docker by ssh, for builds alone
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - On a host that is a node of other hosts' builders, it authorises the ssh keys that were made there with
    C(builder_ssh_keys), each for docker's connections alone, and no longer those of schedulers that do not use it any
    more. Other lines of C(authorized_keys) stay as they are.
  - It compares the limits of sshd with the number of connections to expect, and raises them on request.
  - Who may log in is known to the inventory, and found by the roles. On its own the module keeps what is authorised.
extends_documentation_fragment:
  - multiarch.builders.converging.action_group
  - multiarch.builders.converging
  - multiarch.builders.options.ssh
"""

EXAMPLES = r"""
- name: Raise the limits of sshd for many schedulers
  multiarch.builders.ssh_access:
    ssh_options:
      sshd_limits: true
"""

RETURN = r"""
actions:
  description: What was done, or would be in check mode; empty if the host is in its desired state.
  returned: always
  type: list
  elements: str
  sample: ["no longer authorise ci of ci-1: ~ci/.ssh/authorized_keys"]
facts:
  description: Who is authorised, as scheduler, user there and login here; empty if nobody is.
  returned: always
  type: dict
  sample: {"clients": [["ci-1", "gitlab-runner", "ci"]]}
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

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.resource import Ssh
from ansible_collections.multiarch.builders.plugins.module_utils.run.one_concern import converge

if __name__ == "__main__":
    converge(Ssh)
