# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options, then runs multiarch.builders.apply on the host; a plugin on the controller is brought there."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.with_upload import PluginActionBase


class ActionModule(PluginActionBase):
    """See the base class."""

    module = "multiarch.builders.apply"
    options = tuple(OPTIONS)
