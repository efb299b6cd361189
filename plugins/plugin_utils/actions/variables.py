# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's variables as arguments: tasks of this collection's roles pass none."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ansible.errors import AnsibleError
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_COLLECTION = "multiarch.builders"
_ROLES = Path(__file__).resolve().parents[3] / "roles"


def is_ours(role: t.Any) -> bool:
    """Whether a task's *role*, None without one, belongs to this collection, by any of its names."""
    if role is None:
        return False
    return str(role.get_name()).startswith(f"{_COLLECTION}.") or Path(role.get_role_path()).parent == _ROLES


def from_variables(
    names: Iterable[str], variables: Mapping[str, t.Any], template: Callable[[t.Any], t.Any]
) -> dict[str, t.Any]:
    """The options *names* from the variables ``builder_NAME``, except those that are unset, null or omitted.

    Raises SpecError with every variable that cannot be templated.
    """
    found: dict[str, t.Any] = {}
    findings = Findings()
    for name in names:
        variable = f"builder_{name}"
        if variable not in variables:
            continue
        try:
            value = template({name: variables[variable]})  # a mapping, from which Ansible drops omitted values
        except AnsibleError as exc:
            words = f"cannot be templated: {shown(str(exc.message))}"
            findings.problem(variable, None, words, "Fix the variable, or the value that it refers to")
        else:
            found |= {key: each for key, each in value.items() if each is not None}
    findings.raise_if_any()
    return found
