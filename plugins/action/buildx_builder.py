# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options, then runs multiarch.builders.buildx_builder on the host."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS_OF
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import SpecActionBase


class ActionModule(SpecActionBase):
    """See the base class."""

    module = "multiarch.builders.buildx_builder"
    options = OPTIONS_OF["buildx"]
