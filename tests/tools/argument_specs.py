"""Writes roles/builder/meta/argument_specs.yml from the rows and texts of options: `python -m tests.tools.generate`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "roles/builder/meta/argument_specs.yml"
_KEYS = ("type", "elements", "choices", "required", "default")


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # lists indented
        super().increase_indent(flow, False)


def content() -> str:
    """The whole file."""
    sys.path.insert(0, str(ROOT / ".ansible/collections"))
    from ansible_collections.multiarch.builders.plugins.doc_fragments.options import documentation  # noqa: PLC0415
    from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS  # noqa: PLC0415

    main = {
        "short_description": "Turns a host into a multi-architecture image builder",
        "description": [
            "Checks the input, plans in one round trip, applies the differences and proves the result.",
            "A host without differences only takes the time of the plan.",
        ],
        "options": {f"builder_{name}": _option(each) for name, each in documentation(OPTIONS).items()},
    }
    return f"---\n# Written by tests/tools/argument_specs.py.\n{as_yaml({'argument_specs': {'main': main}})}"


def as_yaml(data: object, *, flow: bool | None = False) -> str:
    """*data* in lines that are short enough. *flow* is as for `yaml.dump`: None puts a list of words into one line."""
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True, default_flow_style=flow)
    # a digest makes a line too long: folded where YAML allows it
    return re.sub(r"^( *)(\w+): (\S+)@(sha256:\S+)$", r'\1\2: "\3\\\n\1  @\4"', text, flags=re.MULTILINE)


def _option(option: dict[str, Any]) -> dict[str, Any]:
    found = {key: option[key] for key in _KEYS if key in option}
    found["description"] = [plain(line) for line in option["description"]]
    if "suboptions" in option:
        below = {name: each for name, each in option["suboptions"].items() if not _is_internal(each)}
        found["options"] = {name: _option(each) for name, each in below.items()}
    return found


def _is_internal(option: dict[str, Any]) -> bool:
    """Whether the option is set on the controller, and not by users."""
    return str(option["description"][0]).startswith("Internal.")


def plain(text: str) -> str:
    """Without the markup that only modules have."""

    def option(match: re.Match[str]) -> str:
        return f"`{': '.join(filter(None, match.groups()))}`"

    text = re.sub(r"O\((?:\w+\[\]\.)?([^)=]+)(?:=([^)]+))?\)", option, text)
    return re.sub(r"[CV]\(([^)]*)\)", r"`\1`", text)
