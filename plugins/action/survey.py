# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options, runs multiarch.builders.survey on the host, and adds certificates as text."""

from __future__ import annotations

import datetime

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import trace_key, unwanted
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import authorities
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import served_chain


class ActionModule(SpecActionBase):
    """See the base class."""

    _supports_async = False  # results fetched later would lack what is added here

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        """Adds the hosts that had left the play before: what is registered for them is of an earlier play."""
        play = task_vars or {}
        here = frozenset(play.get("ansible_play_hosts") or ())
        gone = [each for each in play.get("ansible_play_hosts_all") or () if each not in here]
        return super().run(tmp, task_vars) | {"gone": gone}

    def arguments(self, options: Result, task_vars: Result) -> Result:
        """Adds what decides whether the next run uses the host's trace: the key is that of module plan."""
        arguments = super().arguments(options, task_vars)
        trace = {"key": trace_key(arguments), "max_age": options["trace_max_age"]}
        return arguments | {"_trace": {**trace, "why": unwanted(options, self._connection)}}

    def told(self, result: Result, spec: CompiledSpec) -> Result:
        """Adds all certificates as text: those that servers presented, and those of the variables."""
        if "chains" not in result:
            return result
        now = datetime.datetime.now(datetime.UTC)
        chains = {host: served_chain.parse(chain) for host, chain in result.pop("chains").items()}
        result["certificates"] = [served_chain.describe(host, chain, now) for host, chain in chains.items() if chain]
        result["authorities"] = authorities.describe(spec.options, now)
        result["ca_warn_days"] = spec.options["ca_warn_days"]
        return result
