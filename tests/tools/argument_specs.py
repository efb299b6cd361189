"""Writes roles/builder/meta/argument_specs.yml from the texts of the modules: one source for both.

Run it after a change in plugins/doc_fragments: `python -m tests.tools.argument_specs`.
"""

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
    from ansible_collections.multiarch.builders.plugins.doc_fragments import docker_options, options  # noqa: PLC0415
    from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS  # noqa: PLC0415

    documented: dict[str, Any] = {}
    for fragment in (options.ModuleDocFragment, docker_options.ModuleDocFragment):
        for name in filter(str.isupper, dir(fragment)):
            documented.update(yaml.safe_load(getattr(fragment, name))["options"])
    main = {
        "short_description": "Makes a host into a multi-architecture image builder",
        "description": [
            "Checks the input, plans in one round trip, applies what differs, and proves it.",
            "A host with nothing to do costs the plan alone.",
        ],
        "options": {f"builder_{name}": _option(documented[name]) for name in OPTIONS},
    }
    text = yaml.dump({"argument_specs": {"main": main}}, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    # a digest makes a line too long: folded where YAML allows it
    text = re.sub(r"^( *)default: (\S+)@(sha256:\S+)$", r'\1default: "\2\\\n\1  @\3"', text, flags=re.MULTILINE)
    return f"---\n# Written by tests/tools/argument_specs.py from plugins/doc_fragments.\n{text}"


def _option(option: dict[str, Any]) -> dict[str, Any]:
    found = {key: option[key] for key in _KEYS if key in option}
    found["description"] = [_plain(line) for line in option["description"]]
    if "suboptions" in option:
        found["options"] = {name: _option(each) for name, each in option["suboptions"].items()}
    return found


def _plain(text: str) -> str:
    """Without the markup that only modules have."""

    def option(match: re.Match[str]) -> str:
        return f"`{': '.join(filter(None, match.groups()))}`"

    text = re.sub(r"O\((?:\w+\[\]\.)?([^)=]+)(?:=([^)]+))?\)", option, text)
    return re.sub(r"[CV]\(([^)]*)\)", r"`\1`", text)


if __name__ == "__main__":
    TARGET.write_text(content())
