"""Writes docs/report.schema.json, the shape of builders.json, from the dataclasses of the report.

Run it after a change of plugins/plugin_utils/report/model.py: `python -m tests.tools.generate`.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs/report.schema.json"
_SIMPLE = {str: "string", int: "integer", bool: "boolean", types.NoneType: "null"}


def content() -> str:
    """The whole file."""
    sys.path.insert(0, str(ROOT / ".ansible/collections"))
    from ansible_collections.multiarch.builders.plugins.plugin_utils.report import model  # noqa: PLC0415

    found: dict[str, Any] = {}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"builders.json, version {model.VERSION}",
        "description": " ".join((inspect.getdoc(model) or "").splitlines()[2:]),
        **_schema(model.Report, found),
        "$defs": found,
    }
    return json.dumps(schema, indent=2) + "\n"


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; a dataclass is defined once, and then named."""
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        name = kind.__name__
        if name not in definitions:
            definitions[name] = {}  # one that is inside itself would not end
            definitions[name] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_schema(each, definitions) for each in arguments]}
    raise TypeError(f"{kind} has no place in JSON")


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "type": "object",
        "properties": {each.name: _schema(hints[each.name], definitions) for each in dataclasses.fields(kind)},
        "required": [each.name for each in dataclasses.fields(kind)],
        "additionalProperties": False,
    }
