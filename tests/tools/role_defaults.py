"""Writes roles/builder/defaults/main.yml from the rows and texts of options: `python -m tests.tools.generate`."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from tests.tools.argument_specs import as_yaml, plain

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "roles/builder/defaults/main.yml"
HEAD = """\
---
# The public variables; docs: docs/variables.md, or `ansible-doc -t role multiarch.builders.builder`.
# Written by tests/tools/role_defaults.py.
"""


def content() -> str:
    """The whole file: the default of each, and the first of its texts."""
    sys.path.insert(0, str(ROOT / ".ansible/collections"))
    from ansible_collections.multiarch.builders.plugins.doc_fragments.options import documentation  # noqa: PLC0415
    from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS  # noqa: PLC0415

    parts = [HEAD]
    for name, option in documentation(OPTIONS).items():
        text = textwrap.wrap(plain(option["description"][0]), 118, break_long_words=False, break_on_hyphens=False)
        default = option.get("default")
        flow = None if isinstance(default, list | dict) else False
        parts.append("".join(f"# {line}\n" for line in text) + as_yaml({f"builder_{name}": default}, flow=flow))
    return "\n".join(parts)
