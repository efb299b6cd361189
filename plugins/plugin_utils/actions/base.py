# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all action plugins: the input is checked here, on the controller, before the module runs."""

from __future__ import annotations

import hashlib
import tempfile
import typing as t
from dataclasses import asdict
from pathlib import Path

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions import controller_files
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import CompiledSpec, compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import harbor

_COLLECTION = "multiarch.builders"
# They have become part of other options, or of warnings, when the module runs.
_CONTROLLER_ONLY = ("buildkit_options", "ca_warn_days")

Result = dict[str, t.Any]


def _inventory(variables: dict[str, t.Any]) -> Inventory:
    hosts = variables.get("hostvars") or {}
    # HostVars.get of ansible-core 2.19 needs a context of templating for what it does not find
    return Inventory(variables.get("inventory_hostname", ""), lambda name: hosts[name] if name in hosts else None)  # noqa: SIM401


class SpecActionBase(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Compiles the options named in *options* and hands them to *module*; None only checks them.

    Those in *own* are the module's alone, which checks them itself.
    """

    module: t.ClassVar[str | None] = None
    options: t.ClassVar[tuple[str, ...]] = ()
    own: t.ClassVar[tuple[str, ...]] = ()

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Fail with all problems, or return what the module returns; warnings are added in both cases."""
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        given = transform_to_native_types(self._task.args, redact=False)
        try:
            spec = compile_spec(
                {name: value for name, value in given.items() if name not in self.own},
                names=self.options,
                read_file=lambda path: self._read_file(path, variables.get("inventory_dir")),
                locate=lambda path: Path(
                    controller_files.find(path, self._find_needle, variables.get("inventory_dir"))
                ),
                prefix="builder_" if self._in_role() else "",
                fetch=_ask_once,
                inventory=_inventory(variables),
            )
        except SpecError as exc:
            return result | {"failed": True, "msg": str(exc), "problems": [asdict(each) for each in exc.problems]}
        result["changed"] = False
        if self.module is not None:
            result |= self.told(
                self._execute_module(
                    module_name=self.module,
                    module_args={
                        **self.arguments(spec.options, variables),
                        **{name: given[name] for name in self.own if name in given},
                    },
                    task_vars=task_vars,
                    wrap_async=self._task.async_val,
                ),
                spec,
            )
        else:
            result |= self.told({}, spec)
        if spec.warnings:
            result["warnings"] = [*result.get("warnings", []), *spec.warnings]
        return result

    def arguments(self, options: Result, task_vars: Result) -> Result:  # noqa: ARG002  # for those that bring files
        """What the module is given of *options*."""
        return {name: value for name, value in options.items() if name not in _CONTROLLER_ONLY}

    def told(self, result: Result, spec: CompiledSpec) -> Result:  # noqa: ARG002  # for those that have more to tell
        """What to return of what the module returned."""
        return result

    def _read_file(self, path: str, inventory_dir: str | None) -> bytes:
        found = controller_files.find(path, self._find_needle, inventory_dir)
        return controller_files.read(found, self._loader)

    def _in_role(self) -> bool:
        """Whether a role of this collection holds the task: then the user knows the options as `builder_*`."""
        role = self._task._role
        return role is not None and str(role.get_name()).startswith((f"{_COLLECTION}.", "builder"))


def _ask_once(host: str) -> bytes:
    """What the Harbor at *host* answers, the same for all hosts and tasks of a run.

    Workers are forked, and know one folder, which Ansible makes for the run and removes after it. A few may ask at the
    same time; a failure is not kept.
    """
    kept = Path(constants.DEFAULT_LOCAL_TMP, f"harbor-ca-{hashlib.sha256(host.encode()).hexdigest()}")
    if not kept.exists():
        answer = harbor.fetch(host)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as new:
            new.write(answer)
        Path(new.name).replace(kept)
    return kept.read_bytes()
