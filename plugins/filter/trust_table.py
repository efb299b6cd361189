# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of hosts and registries at the end of verify-builders.yml."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import of_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.trust_table import table

DOCUMENTATION = r"""
name: trust_table
short_description: The trust of several hosts in their registries as a table
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Lines of a table, a row per host and a column per registry, and a line per certificate. No lines if no host
    contacted a registry. Hosts are left out whose C(builder_concerns) have no C(trust).
positional: hosts, current
options:
  _input:
    description: The variable C(hostvars), in which role C(builder_verify) left C(builder_verify_registries).
    type: dict
    required: true
  hosts:
    description: The hosts to show, in this order.
    type: list
    elements: str
    required: true
  current:
    description: Those of them that are still in the play; results of others are of an earlier one. By default all.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Show the trust
  ansible.builtin.debug:
    msg: "{{ hostvars | multiarch.builders.trust_table(ansible_play_hosts_all, ansible_play_hosts) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The lines of the table.
  type: list
  elements: str
  sample: ["host       harbor.example.com", "builder-1  trusted, 120 days"]
"""


def trust_table(hostvars: t.Any, hosts: t.Any, current: t.Any = None) -> list[str]:
    """The filter; see DOCUMENTATION."""
    try:
        found = of_hosts.results(hostvars, hosts, current, concern="trust", variable="builder_verify_registries")
    except TypeError as exc:
        raise AnsibleFilterError(f"multiarch.builders.trust_table: {exc}") from exc
    return table(found)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filter of this file."""
        return {"trust_table": trust_table}
