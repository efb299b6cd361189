# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the options, runs multiarch.builders.registry_proof on the host, and adds the certificates as text."""

from __future__ import annotations

import datetime

from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import trust_report
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import served_chain


class ActionModule(SpecActionBase):
    """See the base class."""

    _supports_async = False  # results fetched later would lack what is added here

    def told(self, result: Result, spec: CompiledSpec) -> Result:
        """Adds the certificates as text instead of DER, and a message with the remedies."""
        if "chains" not in result:
            return result
        clocks = result.pop("clocks", {})
        now = datetime.datetime.now(datetime.UTC)
        parsed = {host: served_chain.parse(chain) for host, chain in result.pop("chains").items()}
        chains = {host: chain for host, chain in parsed.items() if chain}
        result["certificates"] = [served_chain.describe(host, chain, now) for host, chain in chains.items()]
        warnings = [
            f"{host}: {warning}"
            for host, chain in chains.items()
            for warning in served_chain.ending(chain, now, spec.options["ca_warn_days"])
        ]
        if warnings:
            result["warnings"] = [*result.get("warnings", []), *warnings]
        rows = result.get("registries", [])
        remedies = trust_report.remedies(rows, spec.options["registries"], chains, clocks)
        result["registries"] = [{**row, "remedy": remedy} for row, remedy in zip(rows, remedies, strict=True)]
        if result.get("failed") and rows:
            result["failures"] = trust_report.failures(rows, spec.options["registries"], chains, clocks)
            result["msg"] = trust_report.message(rows, result["failures"])
        return result
