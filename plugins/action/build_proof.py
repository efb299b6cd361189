# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs multiarch.builders.build_proof on the host, which checks its options itself."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec


class ActionModule(SpecActionBase):
    """The builders already exist: the files for their creation are not read again."""

    def compiled(self, given: Result, task_vars: Result) -> CompiledSpec:  # noqa: ARG002  # paths are not resolved
        """The options, unchanged."""
        return CompiledSpec(given, ())
