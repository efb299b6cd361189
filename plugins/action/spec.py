# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks every option, without connecting to a host."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.variable_names import misspelled


class ActionModule(SpecActionBase):
    """See the base class."""

    on_host = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """As in the base class, with warnings about variables that are most likely misspelled."""
        result = super().run(tmp, task_vars)
        if self._in_role() and (words := misspelled(task_vars or {})):
            result["warnings"] = [*result.get("warnings", []), *words]
        return result
