# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the hosts of a play that are as the last full plan left them: one task, all hosts side by side."""

from __future__ import annotations

import json
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import options_of
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.trace_key import trace_key
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

_PROGRAM = Path(replay.__file__)
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
            Display().v(f"<{name}> {'as the last full plan left it' if 'result' in found else found['why']}")
        return result

    def looked_at(self, names: list[str]) -> dict[str, Result]:
        """What is found on each host."""
        if keywords := ", ".join(other_hosts.templated_keywords(self)):
            return dict.fromkeys(names, {"why": f"{keywords} of the play may differ from host to host"})
        try:
            prepared = {name: self.prepared(name) for name in names}
        except SpecError:  # which the next task reports, for each host
            return dict.fromkeys(names, {"why": "the input of a host is wrong"})
        except (AnsibleError, AttributeError, TypeError) as exc:
            return dict.fromkeys(names, {"why": f"this ansible-core does not let one task look at all hosts: {exc}"})
        with ThreadPoolExecutor(max(1, min(len(names), int(context.CLIARGS.get("forks") or 1)))) as threads:
            return dict(zip(names, threads.map(_replayed, prepared.values()), strict=True))

    def prepared(self, name: str) -> tuple[ActionModule, str, str]:
        """The action for a host, the command for it, and the program that it gets. Raises SpecError."""
        variables = other_hosts.variables_of(self, name)
        action = t.cast("ActionModule", other_hosts.for_host(self, name, variables))
        options = action.compiled(action.given(variables), variables).options
        key = trace_key({each: options[each] for each in action.arguments(options, variables) if each in _PLAN})
        oldest = 86400
        call = f"main({key!r}, {oldest})"
        return action, _interpreter(variables), f"{_PROGRAM.read_text(encoding='utf-8')}\n{call}\n"


def _replayed(prepared: tuple[ActionModule, str, str]) -> Result:
    action, interpreter, program = prepared
    if not getattr(action._connection, "has_pipelining", False):
        return {"why": f"connection {action._connection.transport} hands no input on"}
    try:
        done = action._low_level_execute_command(f"{interpreter} -ISB -", in_data=program.encode())
    except AnsibleConnectionFailure as exc:
        return {"why": f"unreachable: {exc}"}
    except AnsibleError as exc:
        return {"why": str(exc)}
    finally:
        action._connection.close()
    answers = [line[len(replay.MARK) :] for line in done["stdout"].splitlines() if line.startswith(replay.MARK)]
    try:
        return t.cast("Result", json.loads(answers[-1]))
    except (IndexError, ValueError):
        return {"why": f"{interpreter} did not answer (status {done['rc']})"}


def _interpreter(variables: dict[str, t.Any]) -> str:
    """The Python of a host: the one that is named or was found, else the one that nearly all have."""
    named = variables.get("ansible_python_interpreter")
    found = (variables.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return str(named) if named and not str(named).startswith("auto") else str(found or "/usr/bin/python3")
