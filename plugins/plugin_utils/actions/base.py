# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all action plugins: the input is checked here, on the controller, before the module runs."""

from __future__ import annotations

import hashlib
import tempfile
import typing as t
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS, options_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import controller_files, serving
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.variables import from_variables, is_ours
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Keys, Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec, compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import check_shapes
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor

Result = dict[str, t.Any]
# Nothing is applied from their results, so they need no certificate that is not issued yet.
_LOOKING = ("spec", "plan", "survey")
# In `module_defaults`; its modules are in meta/runtime.yml.
_GROUP = "group/multiarch.builders.builder"


def _inventory(task_vars: Result) -> Inventory:
    hosts = task_vars.get("hostvars") or {}
    # HostVars.get of ansible-core 2.19 needs a templating context for missing names
    this = task_vars.get("inventory_hostname", "")
    return Inventory(this, lambda name: hosts[name] if name in hosts else None, tuple(hosts))  # noqa: SIM401


class SpecActionBase(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Compiles the options of the task's module, and runs it with them.

    In this collection's roles, options that a task does not set come from the variables `builder_*`.
    """

    own: t.ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By module: the options that only it has, and checks itself, but for their types."""
    on_host: t.ClassVar[bool] = True
    """Whether there is a module to run."""

    source: Source | None = None
    """The certificates of hosts that serve; that of one task for all its hosts."""

    _supports_check_mode = True
    _supports_async = True

    @property
    def reader(self) -> str:
        """The module's name, whose options these are."""
        return str(self._task.action).rpartition(".")[2]

    @property
    def prefix(self) -> str:
        """What precedes an option in the name that the user knows."""
        return "builder_" if self._in_role() else ""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Fail with all problems, or return the module's result with warnings."""
        result: Result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        try:
            given = self.given(task_vars)
            own = {name: given.pop(name) for name in self.own.get(self.reader, ()) if name in given}
            check_shapes(own, self.prefix)
            spec = self.compiled(given, task_vars)
        except SpecError as exc:
            return result | {"failed": True, "msg": str(exc), "problems": [asdict(each) for each in exc.problems]}
        result["changed"] = False
        found: Result = {}
        if self.on_host:
            found = self._execute_module(
                module_name=f"multiarch.builders.{self.reader}",
                module_args=self.arguments(spec.options, task_vars) | own,
                task_vars=task_vars,
                wrap_async=self._task.async_val,
            )
        result |= self.told(found, spec)
        if spec.warnings:
            result["warnings"] = [*result.get("warnings", []), *spec.warnings]
        return result

    def given(self, task_vars: Result) -> Result:
        """The options as the user gave them, as plain data. Raises SpecError."""
        given: Result = self._without_others(self._task.args)
        if self._in_role():
            given = from_variables(options_of(self.reader), task_vars, self._templar.template) | given
        return t.cast("Result", transform_to_native_types(given, redact=False))

    def _without_others(self, arguments: Mapping[str, t.Any]) -> Result:
        """The task's arguments, without those that `module_defaults` set for other modules of the group."""
        defaults = [each[_GROUP] for each in self._task.module_defaults or () if _GROUP in each]
        names = {name for each in defaults for name in self._templar.template(each)}
        own = {*options_of(self.reader), *self.own.get(self.reader, ())}
        return {name: value for name, value in arguments.items() if name not in names & set(OPTIONS) - own}

    def compiled(self, given: Result, task_vars: Result) -> CompiledSpec:
        """The options, checked and completed. Raises SpecError."""
        folder = task_vars.get("inventory_dir")
        return compile_spec(
            given,
            names=options_of(self.reader),
            read_file=lambda path: self._read_file(path, folder),
            locate=lambda path: Path(controller_files.find(path, self._find_needle, folder)),
            prefix=self.prefix,
            fetch=_ask_once,
            inventory=_inventory(task_vars),
            source=self.source or self._certificates(),
        )

    def _certificates(self) -> Source:
        looking = self._task.check_mode or self.reader in _LOOKING
        keys: Keys = "ignore" if self.reader == "spec" else "read"
        return serving.source_of(self, anew=False, keys=keys, stand_ins=looking)

    def arguments(self, options: Result, task_vars: Result) -> Result:  # noqa: ARG002  # overridden by actions that upload files
        """The module's arguments, from *options*."""
        return {name: value for name, value in options.items() if not OPTIONS.get(name, {}).get("controller_only")}

    def told(self, result: Result, spec: CompiledSpec) -> Result:  # noqa: ARG002  # overridden by actions that add to it
        """The action's result, from that of the module."""
        return result

    def _read_file(self, path: str, inventory_dir: str | None) -> bytes:
        found = controller_files.find(path, self._find_needle, inventory_dir)
        return controller_files.read(found, self._loader)

    def _in_role(self) -> bool:
        """Whether the task is part of a role of this collection, so that users know its options as `builder_*`."""
        return is_ours(self._task._role)


def _ask_once(host: str) -> bytes:
    """The answer of the Harbor at *host*, the same for all hosts and tasks of a run.

    Forked workers share one directory, which Ansible creates for the run and removes after it. Some may request it
    at the same time; failures are not cached.
    """
    kept = Path(constants.DEFAULT_LOCAL_TMP, f"harbor-ca-{hashlib.sha256(host.encode()).hexdigest()}")
    if not kept.exists():
        answer = harbor.fetch(host)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as new:
            new.write(answer)
        Path(new.name).replace(kept)
    return kept.read_bytes()
