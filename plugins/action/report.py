# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a page about the hosts of a play, and the same as JSON, from the results of module survey."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import page
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.compile import host_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import report_on

HTML = "builders.html"
JSON = "builders.json"

Result = dict[str, t.Any]


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """One host of the play writes the report; each host has the outcome of its survey, for the run's exit status."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> Result:
        """Fail for a host whose survey failed, after the report is written."""
        result: Result = super().run(tmp, task_vars)
        _validation, given = self.validate_argument_spec(
            {"surveys": {"type": "str", "required": True}, "dest": {"type": "path", "default": "report"}}
        )
        variables = task_vars or {}
        surveys, name = _Surveys(variables, given["surveys"]), variables["inventory_hostname"]
        folder = Path(given["dest"]).absolute()
        result |= {"changed": False, "html": str(folder / HTML), "json": str(folder / JSON)}
        if name == surveys.names[0] and not self._task.check_mode:
            try:
                self._write(folder, surveys)
            except OSError as exc:
                return result | {"failed": True, "msg": f"dest: {folder}: {exc.strerror or exc}: use another directory"}
        own = surveys.of(name) or {}
        kept = {key: own[key] for key in ("unreachable", "failed", "msg") if own.get(key)}
        return result | (kept if kept.keys() & {"unreachable", "failed"} else {})

    @staticmethod
    def _write(folder: Path, surveys: _Surveys) -> None:
        hosts = [host_of(name, surveys.of(name)) for name in surveys.names]
        report = report_on(hosts, datetime.datetime.now(datetime.UTC))
        write_whole(folder / JSON, page.as_json(report))
        write_whole(folder / HTML, page.as_html(report, JSON))
        states = ", ".join(f"{count} {state}" for state, count in surveys.counted(hosts).items())
        Display().display(f"report: {states}: {folder / HTML}")


class _Surveys:
    """The survey results of the hosts of the play."""

    def __init__(self, variables: Mapping[str, t.Any], registered: str) -> None:
        self.names: list[str] = list(variables["ansible_play_hosts_all"])
        self._hostvars, self._registered = variables["hostvars"], registered

    def of(self, name: str) -> Mapping[str, t.Any] | None:
        """The result of one host, None if it has none."""
        variables = self._hostvars[name]
        if self._registered not in variables:
            return None
        found: Mapping[str, t.Any] = transform_to_native_types(variables[self._registered], redact=False)
        return found

    @staticmethod
    def counted(hosts: t.Iterable[t.Any]) -> dict[str, int]:
        """{state: number of hosts}, for states with hosts."""
        states = [host.state for host in hosts]
        return {state: states.count(state) for state in ("ok", "drift", "failed", "unreachable") if state in states}
