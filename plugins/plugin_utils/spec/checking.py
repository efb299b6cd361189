# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check of an option gets, and the simple kinds of checks."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import is_network
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.buildx_plugin import Locate
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.registry_table import Registry
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import ReadFile


@dataclass(frozen=True)
class Input:
    """What a check may use besides its own value.

    *options* are of the right types and complete; those earlier in CHECKS are already checked. *prefix* precedes
    their names in messages, *now* is aware of its time zone, *source* has the certificates of hosts
    that serve and of their clients.
    """

    options: dict[str, t.Any]
    prefix: str
    findings: Findings
    read_file: ReadFile
    fetch: harbor.Fetch
    inventory: Inventory
    locate: Locate
    now: datetime.datetime
    source: Source | None = None

    @property
    def warn_days(self) -> int:
        """How many days before its expiry a certificate is a warning."""
        days: int = self.options.get("ca_warn_days", 0)
        return max(0, days)

    @property
    def named_registries(self) -> list[Registry]:
        """The registries in the table."""
        return without_networks(self.options.get("registries", []))


Check = Callable[[t.Any, str, Input], t.Any]
"""Takes a non-null value and its variable's name; reports problems, and returns the normalised value."""


def without_networks(table: Sequence[Registry]) -> list[Registry]:
    """The entries of *table* without networks, which only dockerd supports."""
    return [entry for entry in table if entry.get("host") and not is_network(entry["host"])]


def notes(check: Callable[[t.Any, str, Findings], None]) -> Check:
    """A check that leaves the value as it is."""

    def noted(value: object, variable: str, given: Input) -> object:
        check(value, variable, given.findings)
        return value

    return noted


def normalises(check: Callable[[t.Any, str, Findings], t.Any]) -> Check:
    """A check that needs nothing but the value."""
    return lambda value, variable, given: check(value, variable, given.findings)


def at_least(least: int, message: str, remedy: str) -> Check:
    """A check of a number."""

    def check(value: int, variable: str, findings: Findings) -> None:
        if value < least:
            findings.problem(variable, value, message, remedy)

    return notes(check)


def absolute(example: str) -> Check:
    """A check of a path on the host."""

    def check(path: str, variable: str, findings: Findings) -> None:
        if not path.startswith("/"):
            remedy = f"Write the path on the host, such as {example}"
            findings.problem(variable, path, "must be an absolute path", remedy)

    return notes(check)
