# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of pull mode, checked."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.pull import settings
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

DOCUMENTATION = r"""
name: pull_settings
short_description: The settings of pull mode, checked
version_added: 0.1.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - Fails with all problems in one go, each with variable, value and fix. Otherwise returns the settings. Values of
    secrets are neither returned nor shown.
options:
  _input:
    description: The variables of role C(builder_pull), without C(builder_pull_).
    type: dict
    required: true
  secrets:
    description: The keys and logins of the role, by the same names.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check the input
  ansible.builtin.set_fact:
    checked: "{{ {'repository': 'https://git.example.com/fleet.git'} | multiarch.builders.pull_settings }}"
"""

RETURN = r"""
_value:
  description: The settings.
  type: dict
  sample: {repository: "https://git.example.com/fleet.git"}
"""


def pull_settings(given: t.Any, secrets: t.Any = None) -> dict[str, t.Any]:
    """The filter; see DOCUMENTATION."""
    if not isinstance(given, Mapping) or not isinstance(secrets, (Mapping, type(None))):
        raise AnsibleFilterError("multiarch.builders.pull_settings: needs a mapping")
    try:
        return settings(given, secrets)
    except SpecError as problems:
        raise AnsibleFilterError(str(problems)) from None


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filter of this file."""
        return {"pull_settings": pull_settings}
