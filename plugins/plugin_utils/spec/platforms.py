# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of platforms, of a host and of a node: every name in its one form."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def normalise_platforms(values: Sequence[str | None], variable: str, findings: Findings) -> list[str]:
    """Canonical names in their order, each once."""
    found: list[str] = []
    for index, text in enumerate(values):
        if text is None:  # of the wrong type, told already
            continue
        try:
            found.append(canonical(text))
        except ValueError as exc:
            message, _separator, remedy = str(exc).removeprefix(f"{text.strip()!r} ").partition("; ")
            findings.problem(f"{variable}[{index}]", text, message, remedy[:1].upper() + remedy[1:])
    return list(dict.fromkeys(found))
