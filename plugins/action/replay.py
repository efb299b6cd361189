# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the hosts of a play that are unchanged since the last full plan: one task for all hosts, in parallel."""

from __future__ import annotations

import functools
import json
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ansible import context
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import options_of
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import trace_key, unwanted
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

_PLAN = options_of("plan")


class ActionModule(SpecActionBase):
    """See the base class; its task runs once for all hosts of the batch."""

    on_host = False
    reader = "spec"

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Return {"hosts": {name: {"result"} or {"why"}}}; "why" is the reason for a full plan."""
        result: Result = super(SpecActionBase, self).run(tmp, task_vars)
        names = list((task_vars or {}).get("ansible_play_batch") or ())
        result |= {"changed": False, "hosts": self.looked_at(names)}
        for name, found in result["hosts"].items():
            _tell(name, found)
        return result

    def looked_at(self, names: list[str]) -> dict[str, Result]:
        """The finding on each host."""
        try:
            shared: dict[str, Result] = {}
            prepared = {name: self.prepared(name, shared) for name in names}
        except SpecError:  # the next task reports it for each host
            return _full_plans(names, "a host has invalid input")
        except Exception as exc:  # no trace is a reason to fail
            return _full_plans(names, f"this ansible-core cannot handle all hosts in one task: {exc}")
        if keywords := ", ".join(other_hosts.templated_keywords(self)):
            return _full_plans(names, f"{keywords} of the play may differ from host to host")
        with ThreadPoolExecutor(max(1, min(len(names), int(context.CLIARGS.get("forks") or 1)))) as threads:
            return dict(zip(names, threads.map(Prepared.replayed, prepared.values()), strict=True))

    def prepared(self, name: str, shared: dict[str, Result]) -> Prepared:
        """A host, prepared for the replay; *shared* are compiled options, by their input. Raises SpecError."""
        variables = other_hosts.variables_of(self, name)
        action = t.cast("ActionModule", other_hosts.for_host(self, name, variables))
        given = action.given(variables)
        source = source_of(given, variables)
        if source not in shared:
            shared[source] = action.compiled(given, variables).options
        options = shared[source]
        key = trace_key({each: options[each] for each in action.arguments(options, variables) if each in _PLAN})
        why = unwanted(options, action._connection)
        return Prepared(action, _interpreter(variables), key, options["trace_max_age"], why)


def source_of(given: Result, variables: dict[str, t.Any]) -> str:
    """What the compiled options of a host depend on: nodes of builders depend on the host itself."""
    instances = given.get("instances")
    has_nodes = any("nodes" in str(each) for each in (instances if isinstance(instances, list) else [instances]))
    host = variables.get("inventory_hostname") if has_nodes else None
    return json.dumps([given, variables.get("inventory_dir"), host], sort_keys=True, default=repr)


def _tell(name: str, found: Result) -> None:
    """Log at -v why a full plan is needed, or is not; always print the notes of a plan that is still valid."""
    if "why" in found:
        Display().v(f"<{name}> full plan: {found['why']}")
        return
    Display().v(f"<{name}> unchanged since the last full plan")
    for note in found["result"]["notes"]:
        Display().display(f"{name}: {note['text']}")


def _full_plans(names: list[str], why: str) -> dict[str, Result]:
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


def _interpreter(variables: dict[str, t.Any]) -> str:
    """The Python of a host: the specified or discovered one, else the usual one."""
    named = variables.get("ansible_python_interpreter")
    found = (variables.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return str(named) if named and not str(named).startswith("auto") else str(found or "/usr/bin/python3")
