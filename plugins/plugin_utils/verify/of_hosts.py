# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role builder_verify left of each host in hostvars, for the tables at the end of a playbook. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.chosen import chosen

Result = Mapping[str, t.Any]


def results(hostvars: object, hosts: object, current: object, *, concern: str, variable: str) -> dict[str, Result]:
    """{host: its result in *variable*} of the *hosts* with *concern*, in their order.

    An empty result stands for none, and for the former one of a host that is not among *current*, if these are given.
    Raises TypeError.
    """
    current = hosts if current is None else current
    if not isinstance(hostvars, Mapping) or not _is_list(hosts) or not _is_list(current):
        raise TypeError("needs hostvars and a list of hosts")
    asked = {host: hostvars[host] for host in hosts}
    return {
        host: (variables.get(variable) or {}) if host in current else {}
        for host, variables in asked.items()
        if concern in chosen(variables.get("builder_concerns"), "concerns")
    }


def _is_list(value: object) -> t.TypeGuard[Sequence[str]]:
    return isinstance(value, Sequence) and not isinstance(value, str)
