# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags of buildkitd, one per entry: each is one argument, including any spaces.

`docker buildx create --buildkitd-flags "--a b --c"` is one string, which buildx splits; so people write it here.
buildkitd takes `--a b` as the name of one flag, and its container keeps restarting: flag provided but not defined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_NAME_AND_VALUE = re.compile(r"(--?[A-Za-z][\w.-]*)\s+(?=\S)")
_NEXT = re.compile(r"\s+(?=--?[A-Za-z])")


def check(flags: Sequence[str | None], variable: str, findings: Findings) -> None:
    """Report entries that are not a single flag, with the correct spelling."""
    for index, flag in enumerate(flags):
        if flag is None:
            continue
        if not flag.startswith("-"):
            before = flags[index - 1] if index else None
            meant = f"{before}={flag}" if before and re.fullmatch(r"--?[\w.-]+", before) else None
            remedy = f"Write flag and value as one entry: {_listed([meant])}" if meant else _ONE_EACH
            findings.problem(f"{variable}[{index}]", flag, "is not a flag of buildkitd", remedy)
        elif flag != flag.strip() or _spelled(flag) != [flag]:
            message = "has a space, so buildkitd takes all of it as one flag name"
            findings.problem(f"{variable}[{index}]", flag, message, f"Write {_listed(_spelled(flag))}")


_ONE_EACH = "Write one flag per entry, such as --debug or --oci-max-parallelism=4"


def spelling(value: object) -> str | None:
    """The correct form of flags given as one string, or as mappings, which is how YAML parses `--flag: value`."""
    if isinstance(value, str) and value.strip():
        return f"Write {_listed(_spelled(value))}"
    if isinstance(value, Mapping) and value:
        return f"Write {_listed([f'{name}={each}' for name, each in value.items()])}"
    return None


def _spelled(text: str) -> list[str]:
    """The flags in *text*, each with its value after an equals sign."""
    return [_NAME_AND_VALUE.sub(r"\1=", each, count=1) for each in _NEXT.split(text.strip())]


def _listed(flags: Sequence[str | None]) -> str:
    return f"flags: [{', '.join(map(str, flags))}]"
