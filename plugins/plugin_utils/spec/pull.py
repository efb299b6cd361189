# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the settings of pull mode: ansible-pull puts them into a command line, without quotes."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.convert import convert
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name

_PREFIX = "builder_pull_"
_PATH = r"[A-Za-z0-9/._~+-]+"
_SPAN = r"\d+(\.\d+)?"
_SPANS = ("every", "spread")
_BOOLEANS = {"verify_commit": False, "enabled": True}  # with the defaults
_UNITS = "usec|us|msec|ms|seconds?|sec|s|minutes?|min|m|hours?|hr|h|days?|d|weeks?|w"
# What each has to be, and how to write it; systemd.time(7) has the time spans.
_FORMS: dict[str, tuple[str, str]] = {
    "repository": (
        rf"(ssh://([A-Za-z0-9._-]+@)?|https://)[A-Za-z0-9.:\[\]-]+/{_PATH}|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:{_PATH}|/{_PATH}",
        "Write ssh://git@HOST/PATH, git@HOST:PATH or https://HOST/PATH; put a login into builder_pull_git_credentials",
    ),
    "version": (r"[A-Za-z0-9_][A-Za-z0-9/._+-]*", "Write a branch, tag or commit"),
    "playbook": (rf"[A-Za-z0-9_.]{_PATH}\.ya?ml", "Write its path in the repository, such as playbooks/site.yml"),
    "inventory": (r"[A-Za-z0-9_.][A-Za-z0-9/._~+-]*", "Write its path in the repository, such as inventory/fleet"),
    "limit": (r"[A-Za-z0-9_][A-Za-z0-9._:-]*", "Write the name of the host in builder_pull_inventory"),
    "program": (rf"/{_PATH}", "Write its absolute path, such as /opt/ansible/bin/ansible-pull"),
    "every": (rf"{_SPAN} ?({_UNITS})?( ?{_SPAN} ?({_UNITS}))*", "Write a time span of systemd, such as 30min or 1h"),
    "spread": (rf"{_SPAN} ?({_UNITS})?( ?{_SPAN} ?({_UNITS}))*", "Write a time span of systemd, such as 10min"),
}


def settings(given: Mapping[str, t.Any], secrets: Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    """*given*, by names without prefix, with booleans as such. Raises SpecError with every problem at once.

    *secrets* are the keys and logins, by the same names: checked, never returned.
    """
    findings = Findings()
    for name, (form, remedy) in _FORMS.items():
        value = given.get(name)
        if name in _SPANS and isinstance(value, int) and not isinstance(value, bool):  # seconds, without quotes
            value = str(value)
        if not value:
            findings.problem(f"{_PREFIX}{name}", None, "is required", remedy)
        elif not isinstance(value, str):
            findings.problem(f"{_PREFIX}{name}", value, f"is {type_name(value)}, not text", f"{remedy}, in quotes")
        elif not re.fullmatch(form, value):
            findings.problem(f"{_PREFIX}{name}", value, "is not valid", remedy)
        elif ".." in value.split("/"):
            findings.problem(f"{_PREFIX}{name}", value, "points outside the repository", remedy)
    booleans = {
        name: convert(f"{_PREFIX}{name}", given[name], {"type": "bool", "default": default}, findings)
        for name, default in _BOOLEANS.items()  # -e NAME=false is text
        if name in given
    }
    for name, value in (secrets or {}).items():
        _check_secret(f"{_PREFIX}{name}", value, findings)
    findings.raise_if_any()
    return {**given, **booleans}


def _check_secret(variable: str, value: object, findings: Findings) -> None:
    """An empty one would replace what works on the host. Values are never shown."""
    if value is None:
        return
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        findings.problem(variable, None, f"is {type_name(value)}, not text", "Write it as text, in quotes or after `|`")
    elif not str(value).strip():
        remedy = "Set it, or leave it out: then each host keeps what it has in /etc/multiarch-builders"
        findings.problem(variable, None, "is empty", remedy)
    elif variable == f"{_PREFIX}deploy_key" and "PRIVATE KEY-----" not in str(value):
        remedy = "Give the content of the private key's file, with its first and last line"
        findings.problem(variable, None, "is not a private ssh key", remedy)
