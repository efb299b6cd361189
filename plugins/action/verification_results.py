# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluates the results of all hosts of the play, writes them for CI, and reports failures."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping
from pathlib import Path

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.vars import transform_to_native_types
from ansible_collections.multiarch.builders.plugins.module_utils.host.redact import shown
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.chosen import chosen
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks, result_files

_RESULTS = ("builder_verify_plan", "builder_verify_registries", "builder_verify_proof")
_WITH_NOTES = ("builder_verify_plan", "builder_verify_registries", "builder_verify_capabilities")


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs on the controller only, once for all hosts."""

    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return `problems`, `files` and `counts`; see the module's documentation."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        _validation, given = self.validate_argument_spec({"directory": {"type": "str", "default": ""}})
        there = frozenset(variables["ansible_play_hosts"])
        found = {
            host: checks.checks_of(host, **_results(variables["hostvars"][host], current=host in there))
            for host in variables["ansible_play_hosts_all"]
        }
        told = {host: words for host, each in found.items() if (words := checks.problems(each))}
        for host, words in told.items():
            notes = "".join(f"\n  Note: {note}" for note in _notes(variables["hostvars"][host]))
            self._display.display(f"{host}: {shown(words)}{notes}\n", color=constants.COLOR_ERROR)
        for note, hosts in _told_by({host: variables["hostvars"][host] for host in found if host not in told}).items():
            self._display.display(f"Note ({names(hosts)}): {note}")
        result |= {
            "changed": False,
            "problems": {host: checks.in_short(found[host]) for host in told},
            "counts": {
                "hosts": len(found),
                "hosts_failed": len(told),
                "checks": sum(map(len, found.values())),
            },
            "files": [],
        }
        if given["directory"]:
            try:
                now = datetime.datetime.now(datetime.UTC)
                result["files"] = result_files.write(_absolute(given["directory"]), found, "verify-builders.yml", now)
            except OSError as exc:
                words = f"builder_verify_results = {given['directory']!r}: cannot be written: {exc.strerror}"
                return result | {"failed": True, "msg": f"{words}. Use a directory that you can write to"}
        return result


def _results(variables: Mapping[str, t.Any], *, current: bool) -> dict[str, t.Any]:
    """The results of one host and its concerns, as plain data.

    A variable outlives its play: what passed on a host that is not in the play any more is of an earlier verification.
    """
    found = [_result(variables, name) for name in _RESULTS]
    if not current and not any(each and (each.get("unreachable") or each.get("failed")) for each in found):
        found = [None] * len(found)
    plan, registries, proof = found
    asked = variables["builder_concerns"] if "builder_concerns" in variables else None  # noqa: SIM401  # see _inventory()
    concerns = chosen(asked, "concerns")
    return {"plan": plan, "registries": registries, "proof": proof, "concerns": concerns}


def _result(variables: Mapping[str, t.Any], name: str) -> t.Any:
    return transform_to_native_types(variables[name], redact=False) if name in variables else None


def _notes(variables: Mapping[str, t.Any]) -> list[str]:
    """What the modules left unchanged or could not check; a change that waits is a failed check."""
    results = (_result(variables, name) or {} for name in _WITH_NOTES)
    notes = (note for result in results for note in result.get("notes", ()))
    return [shown(note["text"]) for note in notes if note["kind"] != Kind.WAITS.value]


def _told_by(passed: Mapping[str, Mapping[str, t.Any]]) -> dict[str, list[str]]:
    """{note: its hosts}: notes are also reported for hosts without failures."""
    found: dict[str, list[str]] = {}
    for host, variables in passed.items():
        for note in _notes(variables):
            found.setdefault(note, []).append(host)
    return found


def _absolute(folder: str) -> str:
    """Relative to the command's current directory, not to a playbook."""
    return str(Path(folder).expanduser().absolute())
