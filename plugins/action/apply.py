# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options of a module, then runs it on the host: the action of all modules that meta/runtime.yml lists."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.ssh_peers import SshActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import trace_key


class ActionModule(SshActionBase):
    """See the base class; the module is that of the task."""

    own: t.ClassVar = {
        "registry_capabilities": ("repository",),
        "retire": ("only", "volumes", "instances", "users"),
    }

    def arguments(self, options: Result, task_vars: Result) -> Result:
        """Adds the key of the trace that a plan with nothing to do leaves on the host."""
        arguments = super().arguments(options, task_vars)
        return arguments | ({"_trace_key": trace_key(arguments)} if self.reader == "plan" else {})
