# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks values against the table of options: types, choices, unknown and missing keys, defaults.

Stricter than Ansible's own conversion, which turns the string ``root,me`` into a list and 1.10 into "1.1": any
other type is an error. Only ``yes``/``no`` and digits in a string are converted, as Ansible does.
"""

from __future__ import annotations

import copy
import re
import typing as t
from collections.abc import Mapping

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.multiarch.builders.plugins.module_utils.model.option_keys import Option
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd import flags
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest, type_name

_WANTED = {
    "str": ("a string", "Put it in quotes"),
    "bool": ("a boolean", "Write true or false"),
    "int": ("an integer", "Write a whole number"),
    "list": ("a list", "Write a list: [a, b]"),
    "dict": ("a mapping", "Write a mapping: {key: value}"),
    "raw": ("a value", "Write a value"),
}
_SHAPE = ("type", "elements", "choices", "no_log")  # of a row, without the keys of mappings
_FLAGS = re.compile(r"\.flags(\[\d+\])?$")


class WrongTypeError(Exception):
    """The value is not of the wanted type."""


def _to_bool(value: object) -> bool:
    if not isinstance(value, (bool, str, int)):
        raise WrongTypeError
    try:
        return bool(boolean(value))
    except TypeError as exc:
        raise WrongTypeError from exc


def _to_int(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise WrongTypeError


def _scalar(kind: str, value: object) -> object:
    """*value* as the type named *kind*. Raises WrongTypeError."""
    if kind == "bool":
        return _to_bool(value)
    if kind == "int":
        return _to_int(value)
    if kind == "raw":  # of several types, checked later
        return value
    if not isinstance(value, {"str": str, "list": list, "dict": dict}[kind]):
        raise WrongTypeError
    return value


def convert(variable: str, value: object, option: Option, findings: Findings) -> t.Any:
    """*value* as *option* (a row of the table) wants it, with defaults filled in; None stands for absent.

    Problems are added to *findings*; the result is then usable for later checks: of the right type, with invalid
    parts omitted or empty.
    """
    if value is None:  # the default is completed, too
        value = copy.deepcopy(option.get("default"))
        if value is None:
            return None
    kind: str = option["type"]
    try:
        value = _scalar(kind, value)
    except WrongTypeError:
        wanted, remedy = _WANTED[kind]
        shown = None if option.get("no_log") else value
        spelled = flags.spelling(value) if _FLAGS.search(variable) else None
        findings.problem(variable, shown, f"is {type_name(value)}, not {wanted}", spelled or remedy)
        return copy.deepcopy(option.get("default"))
    if kind == "list":
        return _elements(variable, t.cast("list[t.Any]", value), option, findings)
    if "options" in option:
        return keys(variable, t.cast("dict[t.Any, t.Any]", value), option["options"], findings)
    if "choices" in option and value not in option["choices"]:
        findings.problem(variable, value, "is not a valid choice", suggest(value, option["choices"]))
        return copy.deepcopy(option.get("default"))
    return value


def check_shapes(values: Mapping[str, object], prefix: str) -> None:
    """Check the types of *values* that are options, for modules that take them as they are. Raises SpecError."""
    findings = Findings()
    for name, value in values.items():
        row = {key: each for key, each in OPTIONS.get(name, {}).items() if key in _SHAPE}
        if row:
            convert(f"{prefix}{name}", value, row, findings)
    findings.raise_if_any()


def _elements(variable: str, values: list[t.Any], option: Option, findings: Findings) -> list[t.Any]:
    """The elements in their positions: an invalid one becomes ``{}`` or None, which later checks skip."""
    element: Option = {"type": option.get("elements", "str")}
    element.update({key: option[key] for key in ("choices", "options", "no_log") if key in option})
    found: list[t.Any] = []
    for index, value in enumerate(values):
        name = f"{variable}[{index}]"
        if value is None:
            wanted, remedy = _WANTED[element["type"]]
            findings.problem(name, None, f"is null, not {wanted}", f"{remedy}, or remove the entry")
        converted = convert(name, value, element, findings)
        found.append({} if converted is None and element["type"] == "dict" else converted)
    return found


def keys(
    variable: str, value: Mapping[t.Any, t.Any], options: Mapping[str, Option], findings: Findings
) -> dict[str, t.Any]:
    """The mapping *value* with the known keys *options*, defaults filled in; absent keys are left out."""
    for key in value:
        if key not in options:
            findings.problem(f"{variable}.{key}", None, "is not a known key", suggest(key, options))
    found: dict[str, t.Any] = {}
    for key, option in options.items():
        if option.get("required") and value.get(key) is None:
            findings.problem(f"{variable}.{key}", None, "is missing", "Every entry needs it")
        converted = convert(f"{variable}.{key}", value.get(key), option, findings)
        if converted is not None:
            found[key] = converted
    return found
