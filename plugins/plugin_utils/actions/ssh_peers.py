# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduler and the nodes of its builders need of each other, when keys of ours are used between them.

The scheduler's task does it, like a task with delegate_to: its nodes are asked for their host keys over the connections
that Ansible has to them, and authorise its users' keys, before its builders are made. So the order of hosts does not
matter, and other hosts have no task for it. Only hosts of the play are connected to.
"""

from __future__ import annotations

import functools
import json
import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import exchange
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS, options_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.with_upload import PluginActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.ssh_access import (
    clients_by_node,
    let_in,
    nodes_of,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

_SCHEDULING, _LETTING_IN = ("plan", "apply", "buildx_builder"), ("plan", "apply", "ssh_access")
REPLAYED, PLANNED = "__builder_replay", "__builder_plan"
"""Where the role keeps the results of its first tasks."""

Seen = dict[str, t.Any]
"""What module_utils/concerns/ssh/exchange.py prints of a host."""


class SshActionBase(PluginActionBase):
    """Adds to the options of a scheduler what was seen on its nodes, and to those of a node who logs in there."""

    read_as: str = ""
    """The module whose options are read, if it is not the task's own."""

    @property
    def reader(self) -> str:
        return self.read_as or super().reader

    def arguments(self, options: Result, task_vars: Result) -> Result:
        """Before the module of a scheduler changes its builders, the nodes authorise its keys."""
        self._before: list[Result] = []
        self._task_vars_here = task_vars
        arguments = super().arguments(options, task_vars)
        if not self._in_role():  # other hosts' variables say what is asked for
            return arguments
        if self.reader in _LETTING_IN:
            arguments = with_clients(arguments, self._known_clients(task_vars))
        rows = nodes_of(options) if self.reader in _SCHEDULING else []
        if rows:
            arguments = _with(arguments, self._of_nodes(arguments, rows, task_vars))
        self._arguments = arguments
        return arguments

    def told(self, result: Result, spec: CompiledSpec) -> Result:
        """Asks again if the host knows schedulers that nothing is known of here; adds what was done before."""
        result = super().told(result, spec)
        unsure = _unsure(result) if self.reader in ("plan", "ssh_access") and self._in_role() else []
        if unsure:
            given = self._arguments["ssh_options"]
            clients, settled = self._settled(unsure, self._task_vars_here)
            access = let_in([*given.get("clients", []), *clients], [*given.get("settled", []), *settled])
            result = super().told(self._module(self, self.reader, _with(self._arguments, access)), spec) | {
                "ssh": access
            }
        for done in self._before:
            result["changed"] = bool(result.get("changed") or done.get("changed"))
            result["actions"] = [*done.get("actions", []), *result.get("actions", [])]
            result["diff"] = [*done.get("diff", []), *result.get("diff", [])]
        return result

    def _known_clients(self, task_vars: Result) -> Result | None:
        """Who logs in here, as found with all hosts of the play, or by the plan; None if nobody does."""
        planned = (task_vars.get(PLANNED) or {}).get("ssh") if self.reader == "apply" else None
        replayed = (task_vars.get(REPLAYED) or {}).get("ssh") or {}
        return planned or replayed.get(task_vars.get("inventory_hostname"))

    def _of_nodes(self, arguments: Result, rows: list[Result], task_vars: Result) -> Result:
        """What `ssh_options` say of the nodes *rows*."""
        play = task_vars.get("ansible_play_hosts_all") or ()
        hosts = [host for host in dict.fromkeys(row["host"] for row in rows) if host in play]
        if keywords := ", ".join(other_hosts.templated_keywords(self)):
            Display().warning(
                f"nodes cannot be asked for host keys, as {keywords} of the play may differ from host to host"
            )
            hosts = []
        seen = {host: found for host in hosts if (found := self._seen(host)) is not None}
        if self.reader == "plan" or self._task.check_mode:
            return {"nodes": seen, "coming": sorted(seen)}
        here = task_vars["inventory_hostname"]
        names = options_of("buildx_builder")
        first = _with(
            {name: arguments[name] for name in names if name in arguments}, {"nodes": seen, "keys_only": True}
        )
        self._before.append(_whole(self._module(self, "buildx_builder", first), here))
        keys = (self._look(self, here) or {}).get("keys", {})
        for host in list(seen):
            clients = [
                {"scheduler": here, "user": user, "login": row["login"], "key": keys.get(user, "")}
                for row in rows
                if row["host"] == host
                for user in arguments["users"]
            ]
            if any(each["key"] not in seen[host]["authorised"].get(each["login"], []) for each in clients):
                self._authorise(host, clients, here)
                seen[host] = self._seen(host) or seen[host]
        return {"nodes": seen}

    def _authorise(self, host: str, clients: list[dict[str, str]], here: str) -> None:
        """Run the module of a node there, for the users of this host alone."""
        variables = other_hosts.variables_of(self, host)
        other = t.cast("SshActionBase", other_hosts.for_host(self, host, variables))
        try:
            options = _options(other, variables)
            if "ssh" not in options["concerns"]:
                Display().warning(f"{host} authorises nobody, as its builder_concerns lacks ssh")
                return
            names = [each for each in options_of("ssh_access") if not OPTIONS[each].get("controller_only")]
            arguments = _with({name: options[name] for name in names}, let_in(t.cast("t.Any", clients), [here]))
            done = _whole(self._module(other, "ssh_access", arguments, variables), host)
        finally:
            other._connection.close()
        for note in done.get("notes", []):
            Display().display(f"{host}: {note['text']}")

    def _module(self, action: SshActionBase, name: str, arguments: Result, variables: Result | None = None) -> Result:
        task_vars = self._task_vars_here if variables is None else variables
        return t.cast(
            "Result",
            action._execute_module(
                module_name=f"multiarch.builders.{name}", module_args=arguments, task_vars=task_vars
            ),
        )

    def _seen(self, host: str) -> Seen | None:
        """What a host of the play shows; None, with the reason at -v, if it cannot be asked."""
        try:
            other = t.cast("SshActionBase", other_hosts.for_host(self, host, other_hosts.variables_of(self, host)))
        except Exception as exc:  # of any connection plugin
            Display().v(f"<{host}> host keys are not read: {exc}")
            return None
        try:
            return self._look(other, host)
        finally:
            other._connection.close()

    def _look(self, action: SshActionBase, host: str) -> Seen | None:
        try:
            interpreter = other_hosts.interpreter(action, other_hosts.variables_of(self, host))
            done = action._low_level_execute_command(f"{interpreter} -ISB -", in_data=_program())
        except Exception as exc:  # as above
            Display().v(f"<{host}> host keys are not read: {exc}")
            return None
        lines = [each for each in done["stdout"].splitlines() if each.startswith(exchange.MARK)]
        try:
            return t.cast("Seen", json.loads(lines[-1].removeprefix(exchange.MARK)))
        except (IndexError, ValueError):
            Display().v(f"<{host}> host keys are not read: {(done['stderr'] or done['stdout']).strip()[-200:]}")
            return None

    def _settled(self, schedulers: list[str], task_vars: Result) -> tuple[list[dict[str, str]], list[str]]:
        """(who of *schedulers* logs in here, the schedulers of which these are all)."""
        clients: list[dict[str, str]] = []
        settled: list[str] = []
        here, play = task_vars["inventory_hostname"], task_vars.get("ansible_play_hosts_all") or ()
        for name in schedulers:
            if name not in (task_vars.get("hostvars") or {}):  # it left the inventory
                settled.append(name)
                continue
            variables = other_hosts.variables_of(self, name)
            other = t.cast("SshActionBase", other_hosts.without_connection(self, variables))
            try:
                found = clients_by_node({name: _options(other, variables)}).get(here, [])
            except SpecError:  # that host's own part of a run says it
                continue
            clients += found
            seen = self._seen(name) if not found and name in play else {}
            # Its builder may be about to leave this host, for which it needs the connection.
            if seen is not None and here not in seen.get("nodes", []):
                settled.append(name)
        return clients, settled


def with_clients(arguments: Result, access: Result | None) -> Result:
    """The arguments of a host, with who logs in there: as `let_in` returns it, None for nobody."""
    return _with(arguments, access) if access else arguments


def _with(arguments: Result, more: Result) -> Result:
    return arguments | {"ssh_options": arguments["ssh_options"] | more}


def _options(action: SshActionBase, variables: Result) -> Result:
    """All options of the host of *variables*. Raises SpecError."""
    action.read_as = "spec"
    return action.compiled(action.given(variables), variables).options


def _unsure(result: Result) -> list[str]:
    facts = result.get("facts") or {}
    return list((facts.get("ssh") or facts).get("unsure") or [])


def _whole(result: Result, host: str) -> Result:
    """The result of a module on *host*. Raises AnsibleActionFail if it failed there."""
    if result.get("failed"):
        raise AnsibleActionFail(f"{host}: {result.get('msg') or 'the module failed'}")
    return result


@functools.cache
def _program() -> bytes:
    return f"{Path(exchange.__file__).read_text(encoding='utf-8')}\nmain()\n".encode()
