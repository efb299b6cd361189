# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the CA of hosts that serve builders, step by step, in its folder on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts, serving
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.rotation import STEPS, rotate
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

Result = dict[str, t.Any]


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """For a task that runs once; the folder is that of its host."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Do one step, or fail with what has to be done before."""
        result: Result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(
            {
                "step": {"type": "str", "required": True, "choices": list(STEPS)},
                "replaced": {"type": "list", "elements": "str", "default": []},
            }
        )
        variables = task_vars or {}
        name, write = variables["inventory_hostname"], not self._task.check_mode
        try:
            source = serving.source_of(self)
            path = serving.settings(name, variables, other_hosts.without_connection(self, variables)).folder
            folder = source.folder_of(path)
            with serving.locked(folder, write=write):
                text = rotate(given["step"], source.fleet, folder, source.now, given["replaced"], write=write)
        except (FolderError, SpecError) as exc:
            return result | {"failed": True, "msg": serving.told(exc)}
        Display().display(f"{path}: {'' if write else 'would have '}{text}")
        return result | {"changed": True, "folder": path, "done": text}
