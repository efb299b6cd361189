# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of platforms, of a host and of a node: with canonical names."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import UnknownPlatformError, canonical
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def normalise_platforms(values: Sequence[str | None], variable: str, findings: Findings) -> list[str]:
    """Canonical names in their order, each once."""
    found: list[str] = []
    for index, text in enumerate(values):
        if text is None:  # of the wrong type, already reported
            continue
        try:
            found.append(canonical(text))
        except UnknownPlatformError as exc:
            findings.problem(f"{variable}[{index}]", text, exc.what, exc.remedy)
    return list(dict.fromkeys(found))
