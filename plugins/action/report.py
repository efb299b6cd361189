# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a page about the hosts of a play, and the same as JSON, from the results of module survey."""

from __future__ import annotations

import datetime
import functools
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.files.atomic_write import write_whole
from ansible_collections.multiarch.builders.plugins.plugin_utils.report import page
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.compile import has_failed, host_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import report_on
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import STATES

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
        if not self._task.check_mode and surveys.is_writer(name):
            try:
                _write(folder, surveys, str(variables.get("ansible_limit") or ""))
            except OSError as exc:
                return result | {"failed": True, "msg": f"dest: {folder}: {exc.strerror or exc}: use another directory"}
        own = surveys.of(name) or {}
        kept = {key: own[key] for key in _OUTCOME if own.get(key)}
        return result | (kept if has_failed(own) else {})


_OUTCOME = ("unreachable", "failed", "msg", "problems", "failures")
_ENDED = "it was not surveyed: an earlier task failed"
_NOT_YET = "it was not surveyed: the play needs strategy linear, and all hosts at once, without `serial`"


def _write(folder: Path, surveys: _Surveys, limit: str) -> None:
    """Both files, or none if one of them cannot be made."""
    hosts = [host_of(name, surveys.of(name), surveys.why_not(name)) for name in surveys.names]
    report = report_on(hosts, datetime.datetime.now(datetime.UTC), limit)
    texts = {JSON: page.as_json(report), HTML: page.as_html(report, JSON)}
    for name, text in texts.items():
        write_whole(folder / name, text)
    states = [host.state for host in hosts]
    told = ", ".join(f"{states.count(state)} {state}" for state in STATES if state in states)
    Display().display(f"report: {told}: {folder / HTML}")


class _Surveys:
    """The survey results of the hosts of the play.

    A variable outlives its play: a host that an earlier play lost still has the survey of a report before that.
    """

    def __init__(self, variables: Mapping[str, t.Any], registered: str) -> None:
        self.names: list[str] = list(variables["ansible_play_hosts_all"])
        self._hostvars, self._registered = variables["hostvars"], registered
        self._there = frozenset(variables["ansible_play_hosts"])
        self._batch = frozenset(variables["ansible_play_batch"])
        self._known: dict[str, Mapping[str, t.Any] | None] = {}

    def of(self, name: str) -> Mapping[str, t.Any] | None:
        """The result of one host, None if it has none of this play."""
        found = self._found(name)
        return found if found and not found.get("skipped") and (name in self._there or has_failed(found)) else None

    def why_not(self, name: str) -> str:
        """Why a host has no result."""
        if (self._found(name) or {}).get("skipped"):
            return "it was not surveyed: the task was skipped"
        return _NOT_YET if name in self._there else _ENDED

    def is_writer(self, name: str) -> bool:
        """Whether a host is the first here; a failed one before it has written, unless it left before the survey."""
        for each in self.names[: self.names.index(name)]:
            found = self._found(each) or {}
            left = each not in self._there and has_failed(found) and each not in self._gone
            if not found.get("skipped") and (each in self._batch or left):
                return False
        return True

    @functools.cached_property
    def _gone(self) -> t.Collection[str]:
        """The hosts that had left the play before the survey, as any host that was surveyed in it says."""
        return next((found["gone"] for each in self._batch if "gone" in (found := self._found(each) or {})), ())

    def _found(self, name: str) -> Mapping[str, t.Any] | None:
        """What is registered for a host, whenever that was."""
        if name not in self._known:
            variables = self._hostvars[name]
            there = self._registered in variables
            native = transform_to_native_types(variables[self._registered], redact=False) if there else None
            self._known[name] = t.cast("Mapping[str, t.Any] | None", native)
        return self._known[name]
