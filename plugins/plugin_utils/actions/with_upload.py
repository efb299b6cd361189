# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions whose module may install a buildx plugin from the controller."""

from __future__ import annotations

import typing as t

from ansible.utils.hashing import checksum
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import FOLDERS, NAME
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase

_INSTALLING = ("apply", "engine")


class PluginActionBase(SpecActionBase):
    """Uploads the plugin for a module that installs it, unless it is already installed."""

    def arguments(self, options: Result, task_vars: Result) -> Result:
        """Adds the path on the host of an uploaded plugin; check mode uploads nothing."""
        arguments = super().arguments(options, task_vars)
        source = arguments["buildx_plugin"].get("src") if self.reader in _INSTALLING else None
        if source is None or self._task.check_mode or self._is_there(source, task_vars):
            return arguments
        return arguments | {"buildx_plugin": arguments["buildx_plugin"] | {"src": self._bring(source)}}

    def _is_there(self, source: str, task_vars: Result) -> bool:
        """Whether the plugin is already installed, by Ansible's own checksum."""
        found = self._execute_remote_stat(f"{FOLDERS[0]}/{NAME}", all_vars=task_vars, follow=True)
        return bool(found["exists"]) and found.get("checksum") == checksum(source)

    def _bring(self, source: str) -> str:
        """Upload the plugin; returns the path on the host, which is removed after the task."""
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(folder, NAME)
        self._transfer_file(source, target)
        self._fixup_perms2((folder, target))
        return t.cast("str", target)
