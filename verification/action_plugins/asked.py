# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the desired state of a host, checked and complete, and how to reach it, without passwords and keys."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import typing as t
from pathlib import Path
from urllib.parse import quote

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import instances_of, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import machines_of, to_run_here
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import (
    BUILDER,
    CLIENT,
    targets_of,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec

# What a command line cannot have: then Ansible itself connects.
_SECRETS = ("password", "private_key", "pkcs11_provider")
# Nobody is asked for one.
_NO_PASSWORD = (
    "KbdInteractiveAuthentication=no",
    "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey",
    "PasswordAuthentication=no",
)


class ActionModule(SpecActionBase):
    """The options are the host's variables; the task only has the folder."""

    reader = "spec"
    on_host = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        variables = task_vars or {}
        self._target = Path(self._task.args["folder"])
        self._host_variables = variables
        self._task.args = {}
        return super().run(tmp, task_vars)

    def told(self, _result: Result, spec: CompiledSpec) -> Result:
        host = self._host_variables["inventory_hostname"]
        path = self._target / f"{quote(host, safe='')}.json"
        found = {**self._reached_by(), "pull": self._pulls(), **asked_of(spec.options)}
        text = json.dumps({"host": host, **found})
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return {}

    def _pulls(self) -> bool:
        """Whether the variables are those of a host in pull mode; its role has them, and no concern."""
        given = {name: self._host_variables.get(name) for name in ("builder_pull_repository", "builder_pull_enabled")}
        repository, enabled = self._templar.template(given).values()
        return bool(repository) and (enabled is None or boolean(enabled, strict=False))

    def _reached_by(self) -> dict[str, t.Any]:
        """How Ansible itself would connect: by the inventory, its configuration and its environment variables."""
        connection = self._connection
        become = self._as_root()
        is_ssh = connection.transport == "ssh" and not any(map(self._has, _SECRETS))
        direct = become is not None and (is_ssh or connection.transport == "local")
        arguments = {"become": become, "ssh": self._ssh() if is_ssh else []} if direct else {}
        return {"direct": direct, "connection": arguments}

    def _as_root(self) -> list[str] | None:
        """What comes before a command; None if only Ansible can do it."""
        become = self._connection.become
        if become is None:
            return []
        if become.name != "sudo" or become.get_option("become_pass"):
            return None
        option = become.get_option
        user = option("become_user")
        return [
            option("become_exe") or "sudo",
            *shlex.split(option("become_flags") or ""),
            *(["-u", user] if user else []),
        ]

    def _ssh(self) -> list[str]:
        """The command line of Ansible's connection plugin `ssh`, with the host at its end."""
        option = self._connection.get_option
        found = [option("ssh_executable"), *shlex.split(option("ssh_args") or "")]
        found += ["-o", "StrictHostKeyChecking=no"] if option("host_key_checking") is False else []
        found += ["-o", f"Port={option('port')}"] if option("port") is not None else []
        key = option("private_key_file")
        found += ["-o", f'IdentityFile="{Path(key).expanduser()}"'] if key else []
        found += [each for name in _NO_PASSWORD for each in ("-o", name)]
        found += ["-o", f'User="{option("remote_user")}"'] if option("remote_user") else []
        found += ["-o", f"ConnectTimeout={option('timeout')}"]
        found += [each for name in ("ssh_common_args", "ssh_extra_args") for each in shlex.split(option(name) or "")]
        return [*found, option("host")]

    def _has(self, name: str) -> bool:
        try:
            return bool(self._connection.get_option(name))
        except KeyError:  # of a later ansible-core
            return False

    def _in_role(self) -> bool:
        return True  # messages use the variable names, builder_*


def asked_of(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The parts of the compiled *options* that checks need, with digests of certificates."""
    concerns, builders = options["concerns"], instances_of(options)
    here = to_run_here(options["platforms"], [*map(machines_of, builders)], ())
    return {
        "concerns": concerns,
        "engine": options["engine"],
        "platforms": options["platforms"],
        "elsewhere": sorted({*options["platforms"]} - {*here}),
        "users": options["users"],
        "instances": [
            {
                "name": each.name,
                "driver": each.driver,
                "image": each.image,
                "default": each.default,
                "config": each.config,
                "certificates": {name: _digest(pem) for name, pem in each.certificates.items() if _is_public(pem)},
                "nodes": [{"name": node.name, "local": node.local} for node in each.nodes],
            }
            for each in builders
        ],
        "authorities": {each.host: _digest(each.ca) for each in registries_of(options) if each.ca},
        "mirrors": next((list(each.mirrors) for each in registries_of(options) if each.host == "docker.io"), []),
        "ways": [
            [target.host, way, who]
            for target in targets_of(registries_of(options))
            for way in target.ways
            for who in {CLIENT: options["users"], BUILDER: [row["name"] for row in options["instances"]]}.get(way, [""])
        ],
        "logins": [[each.host, user] for each in registries_of(options) if each.username for user in options["users"]],
        "daemon_options": options["daemon_options"],
        "guard": options["guard"] and "guard" in concerns,
        "serve": _served(options["serve"]) if "serve" in concerns else [],
    }


def _served(serve: t.Mapping[str, t.Any]) -> list[str]:
    """[address, port] of a served builder."""
    return [serve["address"], str(serve["port"])] if serve else []


def _is_public(pem: str) -> bool:
    return "PRIVATE KEY" not in pem


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
