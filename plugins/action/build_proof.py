# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the types of the options, and runs multiarch.builders.build_proof on the host, which checks the rest."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import check_shapes


class ActionModule(SpecActionBase):
    """The builders already exist: the files for their creation are not read again."""

    def compiled(self, given: Result, task_vars: Result) -> CompiledSpec:  # noqa: ARG002  # paths are not resolved
        """The options, unchanged. Raises SpecError."""
        check_shapes(given, self.prefix)
        return CompiledSpec(given, ())
