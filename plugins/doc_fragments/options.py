# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the options, generated from their rows and texts."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Collection, Mapping

import yaml
from ansible_collections.multiarch.builders.plugins.doc_fragments.texts import TEXTS
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS, options_of

_FACTS = ("type", "elements", "choices", "required", "default")
_NAMED = re.compile(r"O\((\w+)([^)]*)\)")

Documentation = dict[str, t.Any]


class ModuleDocFragment:
    """``multiarch.builders.options`` is all options, ``multiarch.builders.options.READER`` those of a module.

    READER is a module, or the concern of one, as `read_by` of the rows has it.
    """

    def __getattr__(self, name: str) -> str:
        """The fragment of a reader, in upper case as Ansible asks for it."""
        names = tuple(OPTIONS) if name == "DOCUMENTATION" else options_of(name.lower())
        if not names:
            raise AttributeError(name)
        return json.dumps({"options": documentation(names)})  # which is YAML


def documentation(names: Collection[str]) -> Documentation:
    """The options *names* as documentation has them: facts, description and suboptions."""
    texts: dict[str, list[str]] = yaml.safe_load(TEXTS)

    def document(path: str, row: Mapping[str, t.Any]) -> Documentation:
        found: Documentation = {"description": [_NAMED.sub(_reference, text) for text in texts[path]]}
        found |= {key: row[key] for key in _FACTS if key in row}
        if "options" in row:
            below = f"{path}[]" if row["type"] == "list" else path
            found["suboptions"] = {key: document(f"{below}.{key}", each) for key, each in row["options"].items()}
        return found

    def _reference(match: re.Match[str]) -> str:
        """An option that the module does not take is a variable."""
        return match[0] if match[1] in names else f"C(builder_{match[1]}{match[2]})"

    return {name: document(name, OPTIONS[name]) for name in names}
