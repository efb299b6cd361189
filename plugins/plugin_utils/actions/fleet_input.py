# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The input of all hosts of a play, checked in one task, and compiled once where hosts share it."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.variable_names import misspelled
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Problem, SpecError

Variables = dict[str, t.Any]


@dataclass(frozen=True)
class HostInput:
    """A host's variables, and the options that it gives."""

    variables: Variables
    spec: CompiledSpec


@dataclass(frozen=True)
class FleetInput:
    """The input of each host, by name, and the problems of those whose input is invalid.

    *warnings* are what does not stop the run, once for all hosts.
    """

    hosts: Mapping[str, HostInput]
    invalid: Mapping[str, tuple[Problem, ...]]
    warnings: tuple[str, ...]

    @property
    def failure(self) -> dict[str, t.Any]:
        """The result of the task if the input of any host is invalid, else nothing."""
        if not self.invalid:
            return {}
        problems = dict.fromkeys(each for found in self.invalid.values() for each in found)
        by_host = {host: [asdict(each) for each in found] for host, found in self.invalid.items()}
        told = {"msg": told_by_host(self.invalid, len(self.invalid) + len(self.hosts))}
        stopped = {"invalid": by_host, "stopped": list(self.hosts)}
        return {"failed": True, **told, "problems": [asdict(each) for each in problems], **stopped}


class Reader(t.Protocol):
    """An action as of one host: SpecActionBase."""

    def given(self, task_vars: Variables) -> Variables:
        """The options as the user gave them. Raises SpecError."""

    def compiled(self, given: Variables, task_vars: Variables) -> CompiledSpec:
        """The options, checked and completed. Raises SpecError."""


def check(
    hosts: Iterable[str], variables_of: Callable[[str], Variables], reader: Callable[[Variables], Reader]
) -> FleetInput:
    """Check the input of *hosts*, each read with the variables of that host."""
    shared: dict[str, CompiledSpec] = {}
    found: dict[str, HostInput] = {}
    invalid: dict[str, tuple[Problem, ...]] = {}
    warnings: list[str] = []
    for host in hosts:
        variables = variables_of(host)
        warnings += misspelled(variables)
        outcome = _outcome(reader(variables), variables, shared)
        if isinstance(outcome, SpecError):
            invalid[host] = outcome.problems
        else:
            found[host] = HostInput(variables, outcome)
            warnings += outcome.warnings
    return FleetInput(found, invalid, tuple(dict.fromkeys(warnings)))


def with_problems(
    checked: FleetInput, invalid: Mapping[str, tuple[Problem, ...]], warnings: Iterable[str]
) -> FleetInput:
    """*checked* with more problems and warnings."""
    hosts = {name: each for name, each in checked.hosts.items() if name not in invalid}
    return FleetInput(hosts, {**checked.invalid, **invalid}, (*checked.warnings, *warnings))


def _outcome(reader: Reader, variables: Variables, shared: dict[str, CompiledSpec]) -> CompiledSpec | SpecError:
    """The options of a host, or why there are none; *shared* are those of other hosts, by what was given."""
    try:
        given = reader.given(variables)
        source = source_of(given, variables)
        if source not in shared:
            shared[source] = reader.compiled(given, variables)
    except SpecError as exc:
        return exc
    return shared[source]


def source_of(given: Mapping[str, t.Any], variables: Variables) -> str:
    """What the compiled options of a host depend on: nodes of builders and what is served depend on the host."""
    instances = given.get("instances")
    has_nodes = any("nodes" in str(each) for each in (instances if isinstance(instances, list) else [instances]))
    host = variables.get("inventory_hostname") if has_nodes or given.get("serve") else None
    return json.dumps([given, variables.get("inventory_dir"), host], sort_keys=True, default=repr)


def told_by_host(invalid: Mapping[str, tuple[Problem, ...]], hosts: int) -> str:
    """The problems as a list for people, below the hosts that have them; *hosts* is the number of all hosts."""
    groups: dict[tuple[Problem, ...], list[str]] = {}
    for host, problems in invalid.items():
        groups.setdefault(problems, []).append(host)
    if len(groups) == 1 and len(invalid) == hosts:
        return str(SpecError(next(iter(groups))))
    lines = [f"The input of {len(invalid)} of {hosts} hosts is invalid; nothing was changed:"]
    for problems, whose in groups.items():
        lines += [f"{names(whose)}:", *(f"- {each}" for each in problems)]
    return "\n".join(lines)
