# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one task's action for all hosts of a play, each with that host's own connection.

Ansible starts a process per host and task, which costs the controller 50 ms and 20 MB. This follows
executor/task_executor.py of ansible-core: _execute_internal(). docs/architecture.md lists what is used of its inside,
and the versions in which it was read.
"""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Iterator

from ansible.executor.task_executor import TaskExecutor
from ansible.plugins import loader as plugin_loaders
from ansible.plugins.action import ActionBase
from ansible.template import Templar

# Keywords that determine the connection to a host.
_REACHING = (
    "connection",
    "port",
    "remote_user",
    "become",
    "become_user",
    "become_method",
    "become_flags",
    "become_exe",
)

Variables = dict[str, t.Any]


def variables_of(action: ActionBase, name: str) -> Variables:
    """The variables of the host *name* for the task of *action*, as Ansible itself would pass them."""
    task = action._task
    manager = task.get_variable_manager()
    return t.cast("Variables", manager.get_vars(play=task.play, host=_host(action, name), task=task))


def inventory_hosts(action: ActionBase) -> list[str]:
    """All hosts of the inventory, whatever the run is limited to."""
    return sorted(action._task.get_variable_manager()._inventory.hosts)


def for_host(action: ActionBase, name: str, variables: Variables) -> ActionBase:
    """An action like *action*, connected to the host *name* as soon as it runs a command there."""
    templar = Templar(loader=action._loader, variables=variables)
    task, context = action._task, action._play_context
    context = context.set_task_and_variable_override(task=task, variables=variables, templar=templar)
    context.post_validate(templar=templar)
    if not context.remote_addr:
        context.remote_addr = _host(action, name).address
    context.update_vars(variables)
    executor = _executor(action, name, variables, context)
    named = variables.get("ansible_connection")
    executor._connection = executor._get_connection(
        variables, templar, task.connection if named is None else templar.template(named)
    )
    executor._set_connection_options(variables, templar)
    return _like(action, templar, context, executor._connection)


def without_connection(action: ActionBase, variables: Variables) -> ActionBase:
    """An action like *action* that templates and finds files as for the host of these *variables*."""
    return _like(action, Templar(loader=action._loader, variables=variables), action._play_context, None)


def _like(action: ActionBase, templar: Templar, context: t.Any, connection: t.Any) -> ActionBase:
    return type(action)(
        task=action._task,
        connection=connection,
        play_context=context,
        loader=action._loader,
        templar=templar,
        shared_loader_obj=plugin_loaders,
    )


def _executor(action: ActionBase, name: str, variables: Variables, context: t.Any) -> t.Any:
    """What makes connections. Since 2.21 it takes the task from the ambient TaskContext: that of *action*."""
    task = action._task
    until_2_20 = {"task": task, "job_vars": variables}
    known = inspect.signature(TaskExecutor).parameters
    return TaskExecutor(
        host=_host(action, name),
        play_context=context,
        loader=action._loader,
        shared_loader_obj=plugin_loaders,
        final_q=None,
        variable_manager=task.get_variable_manager(),
        **{each: value for each, value in until_2_20.items() if each in known},
    )


def templated_keywords(action: ActionBase) -> Iterator[str]:
    """Keywords around the task that hold templates: in this task they have the values of one host.

    The same applies to a delegated task, which has another host.
    """
    above = list(_above(action._task))
    for keyword in _REACHING:
        values = [str(getattr(each, f"_{keyword}", "")) for each in above]
        if any(mark in value for value in values for mark in ("{{", "{%")):
            yield keyword
    if action._task.delegate_to:
        yield "delegate_to"


def _above(task: t.Any) -> Iterator[t.Any]:
    """The objects from which a task inherits keywords: playbook/block.py, _get_parent_attribute()."""
    yield task.play
    parent = task._parent
    while parent is not None:
        yield from (parent, parent._role, *(parent.get_dep_chain() or ()))
        parent = parent._parent


def interpreter(action: ActionBase, variables: Variables) -> str:
    """The Python of the host of *action*: the specified or discovered one, else the usual one. Raises AnsibleError."""
    named = action._templar.template(variables.get("ansible_python_interpreter"))
    found = (variables.get("ansible_facts") or {}).get("discovered_interpreter_python")
    return str(named) if named and not str(named).startswith("auto") else str(found or "/usr/bin/python3")


def _host(action: ActionBase, name: str) -> t.Any:
    return action._task.get_variable_manager()._inventory.get_host(name)
