# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that are reached with ssh keys of ours: what users set for them, and who logs in where."""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import alias_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Options = Mapping[str, t.Any]
Client = dict[str, str]
"""A user of a *scheduler* who logs in as *login* on a node."""

_INTERNAL = ("nodes", "coming", "keys_only", "clients", "settled")
_TIME = "%Y-%m-%dT%H:%M:%SZ"  # as in the record of a host, so that the texts can be compared
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?")  # as useradd(8) has it, and domains


@dataclass(frozen=True)
class Reached:
    """A host of the inventory at *address* and *port*, where *login* logs in, "" if nobody is named."""

    host: str
    address: str
    login: str
    port: str

    @property
    def endpoint(self) -> str:
        """The endpoint by which buildx reaches it with the user's own keys."""
        port = f":{self.port}" if self.port and self.port != "22" else ""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"ssh://{f'{self.login}@' if self.login else ''}{address}{port}"

    @property
    def managed(self) -> str:
        """The endpoint by which it reaches it with ours."""
        return f"ssh://{self.login}@{alias_of(self.host)}"

    @property
    def row(self) -> dict[str, t.Any]:
        """The same for the host: `model.ssh.SshNode`."""
        return {"host": self.host, "address": self.address, "login": self.login, "port": int(self.port or 22)}


def check_login(found: Reached, variable: str, findings: Findings) -> None:
    """Report a login that cannot be authorised."""
    if not found.login:
        remedy = "Set `user` of the node, or ansible_user of that host"
        message = "needs a login for builder_ssh_keys, as its key is authorised for one user"
        findings.problem(f"{variable}.host", found.host, message, remedy)
    elif not _LOGIN.fullmatch(found.login):
        remedy = "Write the login name of a user of that host, such as ci"
        findings.problem(f"{variable}.user", found.login, "is not a valid user name", remedy)


def check_options(value: Options, variable: str, findings: Findings, now: datetime.datetime) -> dict[str, t.Any]:
    """The options with a time in one form."""
    for name in _INTERNAL:
        if name in value:
            findings.problem(f"{variable}.{name}", None, "is internal", "Remove it")
    if "renew_before" not in value:
        return dict(value)
    text, remedy = value["renew_before"], "Write a time in the past, such as 2026-11-30 or 2026-11-30T12:00:00Z"
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        findings.problem(f"{variable}.renew_before", text, "is not a time", remedy)
        return dict(value)
    found = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
    if found > now:
        message = "is in the future, so that each run would make new keys"
        findings.problem(f"{variable}.renew_before", text, message, remedy)
    return {**value, "renew_before": found.astimezone(datetime.UTC).strftime(_TIME)}


def nodes_of(options: Options) -> list[dict[str, t.Any]]:
    """The nodes of a scheduler with compiled *options* that are reached with keys of ours, each once."""
    if not options.get("ssh_keys") or "buildx" not in options.get("concerns", ["buildx"]):
        return []
    rows = [
        node["ssh"]
        for each in options["instances"]
        for node in each["nodes"]
        if "ssh" in node and each.get("driver", "docker-container") == "docker-container"
    ]
    return [row for index, row in enumerate(rows) if row not in rows[:index]]


def clients_by_node(fleet: Mapping[str, Options]) -> dict[str, list[Client]]:
    """Who logs in on each host, from the compiled options of all hosts by name."""
    found: dict[str, list[Client]] = {}
    for scheduler, options in fleet.items():
        for node in nodes_of(options):
            for user in options["users"]:
                client = {"scheduler": scheduler, "user": user, "login": node["login"]}
                found.setdefault(node["host"], []).append(client)
    return found


def let_in(clients: list[Client], settled: list[str]) -> dict[str, t.Any]:
    """What a node's `ssh_options` say of *clients*, who are all of the schedulers *settled*."""
    return {"clients": clients, "settled": sorted({*settled, *(each["scheduler"] for each in clients)})}
