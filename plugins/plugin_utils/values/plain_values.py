# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that YAML can express but Docker's files cannot: checked first, as later checks do not expect them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_QUOTES = "Put it in quotes if it is meant to be a string"
_LARGEST = 2**63  # of TOML and of Go


def check_plain(value: object, variable: str, findings: Findings) -> None:
    """Report problems anywhere in *value*, which could be a secret and is not shown."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            check_plain(key, f"{variable}.{_short(key)}", findings)
            check_plain(each, f"{variable}.{_short(key)}", findings)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            check_plain(each, f"{variable}[{index}]", findings)
    elif isinstance(value, str):
        found = _NO_TEXT.search(value)
        if found:
            message = f"has a character that no text file can hold (U+{ord(found[0]):04X})"
            findings.problem(variable, None, message, "Write text; for a binary file, give its path")
    elif isinstance(value, float) and not math.isfinite(value):
        findings.problem(variable, None, "is not a valid JSON number", "Put it in quotes if it is meant to be a string")
    elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        findings.problem(variable, None, "does not fit into 64 bits", _QUOTES)


def _short(key: object) -> str:
    """*key* in the name of a variable: Python refuses to print some huge numbers."""
    return str(key) if isinstance(key, str) or not isinstance(key, int) or abs(key) < _LARGEST else "a number"
