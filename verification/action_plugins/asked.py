# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the desired state of a host, checked and complete, and how to reach it, without passwords and keys."""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import instances_of, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import machines_of, to_run_here
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import (
    BUILDER,
    CLIENT,
    targets_of,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.base import Result, SpecActionBase
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec

# What testinfra knows of a host (testinfra/utils/ansible_runner.py).
_CONNECTION = (
    "connection",
    "host",
    "user",
    "port",
    "become",
    "become_user",
    "ssh_common_args",
    "ssh_extra_args",
    "ssh_private_key_file",
    "private_key_file",
)
_ALIASES = {"ssh_host": "host", "ssh_user": "user", "ssh_port": "port"}
# testinfra would put these on a command line, or does not support them: then Ansible itself connects.
_SECRETS = ("password", "ssh_pass", "ssh_password", "become_pass", "become_password", "sudo_pass", "sudo_password")
_DIRECT = ("smart", "ssh", "local", "ansible.builtin.ssh", "ansible.builtin.local")


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
        path = self._target / f"{host}.json"
        text = json.dumps({"host": host, **self._reached_by(), **asked_of(spec.options)})
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return {}

    def _reached_by(self) -> dict[str, t.Any]:
        names = {
            name: f"ansible_{name}" for name in (*_CONNECTION, *_ALIASES) if f"ansible_{name}" in self._host_variables
        }
        found = {name: self._templar.template(self._host_variables[variable]) for name, variable in names.items()}
        found = {_ALIASES.get(name, name): value for name, value in found.items()}
        by_hand = [name for name in _SECRETS if f"ansible_{name}" in self._host_variables]
        method = self._templar.template(self._host_variables.get("ansible_become_method", "sudo"))
        direct = found.get("connection", "ssh") in _DIRECT and not by_hand and str(method).endswith("sudo")
        found["connection"] = str(found.get("connection", "ssh")).removeprefix("ansible.builtin.")
        return {"direct": direct, "connection": {f"ansible_{name}": value for name, value in found.items()}}

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
