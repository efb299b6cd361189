# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a client that is not in the inventory needs to build on hosts that serve, on the controller."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import serving
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.bundle import bundle_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

Result = dict[str, t.Any]


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """For a task that runs once."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Write the bundle, or fail if the client has no certificate. Keys are only in the files."""
        result: Result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(
            {"client": {"type": "str", "required": True}, "dest": {"type": "path", "required": True}}
        )
        dest, name = Path(given["dest"]).absolute(), given["client"]
        try:
            files = bundle_of(serving.source_of(self), name)
            changed = [each for each in files if not each.is_in(dest)]
            for each in changed if not self._task.check_mode else ():
                write_whole(dest / each.name, each.text, each.mode)
        except (FolderError, SpecError) as exc:
            return result | {"failed": True, "msg": serving.told(exc)}
        except OSError as exc:
            return result | {"failed": True, "msg": f"dest: {dest}: {exc.strerror or exc}: use another directory"}
        if changed:
            Display().display(f"bundle of {name}: {dest}/{{{','.join(each.name for each in files)}}}")
        return result | {"changed": bool(changed), "dest": str(dest), "files": [each.name for each in files]}
