"""Writes docs/variables.md from the argument specs of the roles with public variables.

Run it after a change in a role's meta/argument_specs.yml: `python -m tests.tools.generate`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs/variables.md"
# The roles in the order of the page, and when their variables matter.
ROLES = {
    "builder": "The hosts: read by `provision-builders.yml`, `trust-registries.yml` and all other playbooks",
    "builder_verify": "The proof: `verify-builders.yml`, and the last step of every run that changed something",
    "builder_report": "The report: `report-builders.yml`",
    "builder_retire": "Retiring: `retire-builders.yml`",
    "builder_pull": "Pull mode: `pull-mode.yml`",
}
HEAD = """\
# Variables

Every variable of the collection, from the roles' argument specs. The playbooks read them from your inventory; as
usual in Ansible, a list or dictionary set for a host replaces that of its group. All invalid values are reported in one
go, on the controller, before any host is touched.
"""


def content() -> str:
    """The whole page."""
    specs: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        known = {name for options in specs.values() for name in options}  # what two roles read is listed once
        specs[role] = {name: option for name, option in _options(role).items() if name not in known}
    lines = [HEAD, "| variable | type | default |", "|---|---|---|"]
    lines += [
        f"| [`{name}`](#{name}) | {_type(option)} | {_default(option)} |"
        for options in specs.values()
        for name, option in options.items()
    ]
    for role, options in specs.items():
        lines += ["", f"## Role {role}", "", f"{ROLES[role]}."]
        for name, option in options.items():
            lines += ["", f"### {name}", "", *_section(option)]
    return "\n".join(lines) + "\n"


def _options(role: str) -> dict[str, Any]:
    specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())
    return dict(specs["argument_specs"]["main"]["options"])


def _section(option: Mapping[str, Any]) -> Iterator[str]:
    yield from _facts(option)
    for paragraph in _texts(option):
        yield ""
        yield paragraph
    if "options" in option:
        yield ""
        yield from _keys(option["options"], "")


def _facts(option: Mapping[str, Any]) -> Iterator[str]:
    choices = f", one of {_codes(option['choices'])}" if "choices" in option else ""
    need = "required" if option.get("required") else f"default {_default(option)}"
    yield f"*{_type(option)}*{choices}; {need}."


def _keys(options: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, option in options.items():
        yield f"{indent}- `{name}` ({', '.join(_brief(option))}): {' '.join(_texts(option))}"
        yield from _keys(option.get("options", {}), f"{indent}  ")


def _brief(option: Mapping[str, Any]) -> Iterator[str]:
    yield _type(option)
    if "choices" in option:
        yield f"one of {_codes(option['choices'])}"
    if option.get("required"):
        yield "required"
    elif "default" in option:
        yield f"default {_default(option)}"


def _texts(option: Mapping[str, Any]) -> list[str]:
    text = option["description"]
    return [text] if isinstance(text, str) else list(text)


def _type(option: Mapping[str, Any]) -> str:
    kind = option.get("type", "str")
    return f"{kind} of {option['elements']}" if "elements" in option else str(kind)


def _default(option: Mapping[str, Any]) -> str:
    default = option.get("default")
    if default in (None, ""):
        return "none"
    return f"`{default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)}`"


def _codes(values: list[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)
