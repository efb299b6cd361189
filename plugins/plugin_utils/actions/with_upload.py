# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions whose module may install files from the controller: a buildx plugin, programs of ours."""

from __future__ import annotations

import tempfile
import typing as t

from ansible.utils.hashing import checksum
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import PROGRAM as GUARD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import PROGRAM as SERVE
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import FOLDERS, NAME
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program

# The modules that install them.
_PLUGIN, _GUARD, _SERVE = ("apply", "engine"), ("apply", "guard"), ("apply", "buildkit_serve")


class PluginActionBase(SpecActionBase):
    """Uploads files for a module that installs them, unless they are already installed."""

    def arguments(self, options: Result, task_vars: Result) -> Result:
        """Adds the paths on the host of uploaded files; check mode uploads nothing."""
        arguments = super().arguments(options, task_vars)
        if self._task.check_mode:
            return arguments
        source = arguments["buildx_plugin"].get("src") if self.reader in _PLUGIN else None
        if source is not None and not self._is_there(f"{FOLDERS[0]}/{NAME}", checksum(source), task_vars):
            uploaded = {"src": self._bring(source, NAME)}
            arguments |= {"buildx_plugin": arguments["buildx_plugin"] | uploaded}
        if self.reader in _GUARD and arguments["guard"]:
            uploaded = self._program(GUARD, program.GUARD, task_vars)
            arguments |= {"guard_options": arguments["guard_options"] | uploaded}
        if self.reader in _SERVE and arguments["serve"]:
            arguments |= {"serve": arguments["serve"] | self._program(SERVE, program.SERVE, task_vars)}
        return arguments

    def _program(self, path: str, first: str, task_vars: Result) -> Result:
        """The path on the host of the program that starts with the module *first*, if it is not at *path* yet."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(program.content(first))
            file.flush()
            if self._is_there(path, checksum(file.name), task_vars):
                return {}
            return {"src": self._bring(file.name, path.rpartition("/")[2])}

    def _is_there(self, path: str, digest: str | None, task_vars: Result) -> bool:
        """Whether the file is already installed, by Ansible's own checksum."""
        found = self._execute_remote_stat(path, all_vars=task_vars, follow=True)
        return bool(found["exists"]) and found.get("checksum") == digest

    def _bring(self, source: str, name: str) -> str:
        """Upload a file; returns the path on the host, which is removed after the task."""
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(folder, name)
        self._transfer_file(source, target)
        self._fixup_perms2((folder, target))
        return t.cast("str", target)
