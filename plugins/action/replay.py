# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the input of all hosts of a play, and finds those unchanged since the last full plan: one task for all."""

from __future__ import annotations

import functools
import json
import typing as t
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleError
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import options_of
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import fleet_input, other_hosts, serving
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.fleet_input import FleetInput, HostInput
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.ssh_peers import with_clients
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import trace_key, unwanted
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import ssh_access

_PLAN = options_of("plan")


class ActionModule(SpecActionBase):
    """See the base class; its task runs once for all hosts of the batch."""

    on_host = False
    reader = "spec"

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Fail with the problems of all hosts, or return the unchanged hosts by name, and the others by reason."""
        result: Result = super(SpecActionBase, self).run(tmp, task_vars)
        batch = list((task_vars or {}).get("ansible_play_batch") or ())
        everyone = list((task_vars or {}).get("ansible_play_hosts_all") or ())
        first = everyone[:1] == batch[:1]
        checked, issued = self.checked(everyone if first else batch, issuing=first)  # with `serial` all at once
        result |= {"changed": False, "warnings": [*result.get("warnings", []), *checked.warnings]}
        result |= {"issued": issued} if issued else {}
        if checked.failure:
            return result | checked.failure
        clients = ssh_access.clients_by_node({name: each.spec.options for name, each in checked.hosts.items()})
        self._let_in = {node: ssh_access.let_in(those, []) for node, those in clients.items()}
        found = self.looked_at({name: checked.hosts[name] for name in batch})
        for name, each in found.items():
            _tell(name, each)
        return result | _sorted(found) | ({"ssh": self._let_in} if self._let_in else {})

    def checked(self, hosts: list[str], *, issuing: bool) -> tuple[FleetInput, list[str]]:
        """The input of *hosts*, and what was issued for those that serve and their clients, or would be."""
        variables_of = functools.cache(functools.partial(other_hosts.variables_of, self))
        source = serving.source_of(self, variables_of=variables_of, keys="check", stand_ins=True)

        def reader(variables: dict[str, t.Any]) -> ActionModule:
            action = t.cast("ActionModule", other_hosts.without_connection(self, variables))
            action.source = source
            return action

        checked = fleet_input.check(hosts, variables_of, reader)
        if not issuing or not source.is_used or checked.failure:
            return checked, []
        write = not self._task.check_mode
        outcome = serving.bring_up_to_date(source, checked.hosts, write=write)
        for text in outcome.texts:
            Display().display(f"builder_serve_authority: {'' if write else 'would '}{text}")
        if outcome.texts and write and not outcome.invalid:
            checked = fleet_input.check(hosts, variables_of, reader)  # again, with what was issued
        return fleet_input.with_problems(checked, outcome.invalid, outcome.warnings), list(outcome.texts)

    def looked_at(self, hosts: dict[str, HostInput]) -> dict[str, Result]:
        """The finding on each host: {"result", "time"} of the last full plan, or {"why"} one is needed."""
        try:
            prepared = [self.prepared(name, found) for name, found in hosts.items()]
        except Exception as exc:  # no trace is a reason to fail
            return _full_plans(hosts, f"this ansible-core cannot handle all hosts in one task: {exc}")
        if keywords := ", ".join(other_hosts.templated_keywords(self)):
            return _full_plans(hosts, f"{keywords} of the play may differ from host to host")
        with ThreadPoolExecutor(max(1, min(len(hosts), int(context.CLIARGS.get("forks") or 1)))) as threads:
            return dict(zip(hosts, threads.map(Prepared.replayed, prepared), strict=True))

    def prepared(self, name: str, found: HostInput) -> Prepared:
        """A host, prepared for the replay."""
        variables, options = found.variables, found.spec.options
        action = t.cast("ActionModule", other_hosts.for_host(self, name, variables))
        arguments = {each: options[each] for each in action.arguments(options, variables) if each in _PLAN}
        key = trace_key(with_clients(arguments, self._let_in.get(name)))
        why, python = unwanted(options, action._connection), ""
        try:
            python = other_hosts.interpreter(action, variables)
        except AnsibleError as exc:  # which a full plan reports, for this host alone
            why = why or str(exc)
        return Prepared(action, python, key, options["trace_max_age"], why)


def _tell(name: str, found: Result) -> None:
    """Log at -v why a full plan is needed, or is not; always print the notes of a plan that is still valid."""
    if "why" in found:
        Display().v(f"<{name}> full plan: {found['why']}")
        return
    Display().v(f"<{name}> unchanged since the last full plan")
    for note in found["result"]["notes"]:
        Display().display(f"{name}: {note['text']}")


def _sorted(found: dict[str, Result]) -> Result:
    """The result of the task. Each host has it as a variable, so it is small: nothing is repeated for each host."""
    others: dict[str, list[str]] = {}
    for name, each in found.items():
        if "why" in each:
            others.setdefault(each["why"], []).append(name)
    return {"unchanged": {name: each for name, each in found.items() if "why" not in each}, "full_plans": others}


def _full_plans(names: Iterable[str], why: str) -> dict[str, Result]:
    return {name: {"why": why} for name in names}


@dataclass(frozen=True)
class Prepared:
    """A host: the *action* connected to it, its Python, the *key* of its trace, and the maximum age in seconds.

    *why* says why a full plan is always needed, "" if a trace is sufficient.
    """

    action: ActionModule
    interpreter: str
    key: str
    oldest: int
    why: str

    def replayed(self) -> Result:
        """{"result"} of the host's trace, or {"why"} a full plan is needed."""
        if self.why:
            return {"why": self.why}
        try:
            done = self.action._low_level_execute_command(f"{self.interpreter} -ISB -", in_data=self._program())
        except Exception as exc:  # of any connection plugin: a full plan reports it, for this host alone
            return {"why": str(exc) or type(exc).__name__}
        finally:
            self.action._connection.close()
        return _answer(done)

    def _program(self) -> bytes:
        return f"{_program()}\nmain({self.key!r}, {self.oldest})\n".encode()


@functools.cache
def _program() -> str:
    return Path(replay.__file__).read_text(encoding="utf-8")


def _answer(done: Result) -> Result:
    """The program's output; sudo and login shells may print more."""
    answers = [line[len(replay.MARK) :] for line in done["stdout"].splitlines() if line.startswith(replay.MARK)]
    try:
        return t.cast("Result", json.loads(answers[-1]))
    except (IndexError, ValueError):
        return {"why": f"no answer (status {done['rc']}): {(done['stderr'] or done['stdout']).strip()[-200:]}"}
