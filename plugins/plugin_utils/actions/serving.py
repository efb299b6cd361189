# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers and clients of the inventory, and their certificates: found when a host of the task asks for them.

A fleet that serves nothing never does, and pays nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import json
import os
import typing as t
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import other_hosts
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.fleet_input import HostInput
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.variables import from_variables
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.vault import RunVault
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.carry_out import carry_out, check_possible
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import (
    Fleet,
    Settings,
    fleet_of,
    from_data,
    plain_keys,
    to_data,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder, FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.renewal import decide
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Keys, Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Problem, SpecError

FOLDER = "serve-authority"
_READ = ("serve", "instances", "serve_authority", "serve_plain_keys")

Variables = dict[str, t.Any]


@dataclass(frozen=True)
class Outcome:
    """What was done or would be, for people; *invalid* are the problems of the hosts concerned, by name."""

    texts: tuple[str, ...]
    warnings: tuple[str, ...]
    invalid: Mapping[str, tuple[Problem, ...]]


def source_of(
    action: ActionBase,
    *,
    variables_of: Callable[[str], Variables] | None = None,
    anew: bool = True,
    keys: Keys = "read",
    stand_ins: bool = False,
) -> Source:
    """The certificates of the fleet of *action*'s inventory, whatever the run is limited to.

    Unless *anew*, the fleet is that which an earlier task of the play has found: else each task of each host would read
    the variables of all hosts. Forked workers share a directory that Ansible removes after the run.
    """
    variables_of = variables_of or functools.partial(other_hosts.variables_of, action)
    play = hashlib.sha256(f"{os.getppid()} {action._task.play}".encode()).hexdigest()  # of this run
    kept = Path(constants.DEFAULT_LOCAL_TMP, f"served-builders-{play}")
    plain: dict[str, bool] = {}

    def read() -> Fleet:
        if not anew and kept.exists():
            data = json.loads(kept.read_text(encoding="utf-8"))
            plain.update(data["plain"])
            return from_data(data)
        found, permitted = _fleet(action, variables_of)
        plain.update(permitted)
        write_whole(kept, json.dumps({**to_data(found), "plain": plain}), 0o600)
        return found

    def folder_of(path: str) -> Folder:
        return Folder(Path(path), RunVault(action._loader), plain.get(path, False))

    return Source(read, folder_of, datetime.datetime.now(datetime.UTC), keys=keys, stand_ins=stand_ins)


def _fleet(action: ActionBase, variables_of: Callable[[str], Variables]) -> tuple[Fleet, dict[str, bool]]:
    """The fleet, and by folder whether keys may be plain (`plain_keys`). Raises SpecError."""
    hosts: dict[str, Settings] = {}
    for name in other_hosts.inventory_hosts(action):
        variables = variables_of(name)
        if variables.get("builder_serve") or "builder_instances" in variables:
            hosts[name] = settings(name, variables, other_hosts.without_connection(action, variables))
    found = fleet_of(hosts)
    return found, plain_keys(found, hosts)


def settings(name: str, variables: Variables, action: ActionBase) -> Settings:
    """The settings of a host, by an *action* that templates with its variables. Raises SpecError, naming the host."""
    try:
        found = from_variables(_READ, variables, action._templar.template)
        address = action._templar.template(variables.get("ansible_host") or "")
    except SpecError as exc:
        raise SpecError([replace(each, variable=f"{each.variable} of {name}") for each in exc.problems]) from exc
    given: Mapping[str, t.Any] = transform_to_native_types(found, redact=False)
    return Settings(
        given.get("serve"),
        given.get("instances"),
        folder_path(given.get("serve_authority"), variables.get("inventory_dir")),
        boolean(given.get("serve_plain_keys") or False, strict=False),
        str(address),
    )


def folder_path(given: object, inventory_dir: str | None) -> str:
    """The absolute path of the CA's folder, by default beside the inventory."""
    text = given if isinstance(given, str) and given else FOLDER
    return os.path.normpath(Path(inventory_dir or ".", os.path.expanduser(text)).absolute())  # noqa: PTH111


def told(exc: FolderError | SpecError) -> str:
    """The message of a task that failed."""
    return f"{exc}. {exc.remedy}" if isinstance(exc, FolderError) else str(exc)


@contextlib.contextmanager
def locked(folder: Folder, *, write: bool) -> Iterator[None]:
    """With the folder's lock, if anything is written."""
    with folder.lock() if write else contextlib.nullcontext():
        yield


def bring_up_to_date(source: Source, hosts: Mapping[str, HostInput], *, write: bool) -> Outcome:
    """Issue, renew and remove what is due, in the folders that *hosts* use; without *write* only say what it is."""
    users = _users(source.fleet, hosts)
    texts: list[str] = []
    warnings: list[str] = []
    for path, names in users.items():
        folder = source.folder_of(path)
        present = [name for name in names if "serve" in hosts[name].spec.options["concerns"]]
        try:
            decision = decide(source.fleet, folder, source.now, present)
            if decision.steps:
                check_possible(decision.steps, folder, source.now)
            if decision.steps and write:
                with folder.lock():  # another run may have done the same
                    decision = decide(source.fleet, folder, source.now, present)
                    carry_out(decision.steps, folder, source.now)
        except FolderError as exc:
            problem = Problem("builder_serve_authority", "", str(exc), exc.remedy)
            return Outcome(tuple(texts), tuple(warnings), {name: (problem,) for name in names})
        texts += [each.text for each in decision.steps]
        warnings += decision.warnings
    return Outcome(tuple(texts), tuple(warnings), {})


def _users(fleet: Fleet, hosts: Mapping[str, HostInput]) -> dict[str, list[str]]:
    """By folder, those of *hosts* that are servers or clients with certificates of it."""
    found: dict[str, list[str]] = {}
    for name in hosts:
        server, client = fleet.servers.get(name), fleet.clients.get(name)
        folders = {server.folder} if server and not server.own else set()
        if client and any(not fleet.servers[each].own for each in client.servers):
            folders.add(client.folder)
        for path in folders:
            found.setdefault(path, []).append(name)
    return found
