# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spec step: turns the variables into the desired state of a host, or a list of all their problems."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import Locate
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.checking import Input
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import convert
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.option_checks import CHECKS
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.plain_values import check_plain
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import ReadFile

_NOBODY = Inventory()


@dataclass(frozen=True)
class CompiledSpec:
    """*options* in the shape of `model.options.OPTIONS`, checked and complete; *warnings* are for people."""

    options: dict[str, t.Any]
    warnings: tuple[str, ...]


def compile_spec(
    variables: Mapping[str, object],
    *,
    names: Sequence[str],
    read_file: ReadFile,
    prefix: str = "builder_",
    now: datetime.datetime | None = None,
    fetch: harbor.Fetch = harbor.fetch,
    inventory: Inventory = _NOBODY,
    locate: Locate = Path,
    source: Source | None = None,
) -> CompiledSpec:
    """Check, normalise and complete the options *names*, from *variables* or their defaults.

    *variables* holds plain data, its keys without *prefix*, which messages put before them. *now* is aware of its
    time zone, by default the present. *inventory* has the hosts that nodes may be, *locate* finds large files,
    *source* has the certificates of hosts that serve and of their clients.
    Raises SpecError with every problem at once.
    """
    findings = Findings()
    for name, value in variables.items():
        check_plain(value, f"{prefix}{name}", findings)
    findings.raise_if_any()
    for name in variables:
        if name not in names:
            findings.problem(f"{prefix}{name}", None, "is not an option here", suggest(name, names))
    options = {name: convert(f"{prefix}{name}", variables.get(name), OPTIONS[name], findings) for name in names}
    now = now or datetime.datetime.now(datetime.UTC)
    given = Input(options, prefix, findings, read_file, fetch, inventory, locate, now, source)
    for name, check in CHECKS.items():
        if options.get(name) is not None:
            options[name] = check(options[name], f"{prefix}{name}", given)
    findings.raise_if_any()
    return CompiledSpec(options, tuple(findings.warnings))
