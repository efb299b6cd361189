# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles do, by a list in the variables."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.plugin_utils.values import chosen as values

DOCUMENTATION = r"""
name: chosen
short_description: What a list in the variables chooses
version_added: 0.2.0
author:
  - multiarch.builders contributors (@multiarch)
description:
  - The concerns or proofs that a list names, in their order. All of them if it is null or invalid, such as text,
    so that nothing is left out before a module reports that.
options:
  _input:
    description: The variable, such as C(builder_concerns).
    type: raw
    required: true
  kind:
    description: What it is a list of.
    type: str
    choices: [concerns, proofs]
    required: true
"""

EXAMPLES = r"""
- name: Only with builders
  ansible.builtin.debug:
    msg: Builders are managed
  when: "'buildx' in builder_concerns | default(none) | multiarch.builders.chosen('concerns')"
"""

RETURN = r"""
_value:
  description: The names.
  type: list
  elements: str
  sample: [trust, buildx]
"""


def chosen(value: t.Any, kind: t.Any) -> list[str]:
    """The filter; see DOCUMENTATION."""
    if kind not in values.KNOWN:
        raise AnsibleFilterError(f"multiarch.builders.chosen: kind is one of {', '.join(values.KNOWN)}")
    return values.chosen(value, kind)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filter of this file."""
        return {"chosen": chosen}
