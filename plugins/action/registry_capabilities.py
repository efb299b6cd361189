# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options and runs multiarch.builders.registry_capabilities on the host."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import SpecActionBase


class ActionModule(SpecActionBase):
    """See the base class."""

    module = "multiarch.builders.registry_capabilities"
    options = ("registries", "ca_warn_days", "users", "proxy", "environment")
    own = ("repository",)
