# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of many hosts in one line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MOST_NAMES = 8


def names(hosts: Sequence[str]) -> str:
    """Names of hosts; consecutive numbers as a range, in the syntax of Ansible's inventories: ci-[1:40]."""
    series: list[tuple[str, str, str, str]] = []  # before the number, first and last number, after it
    for host in hosts:
        found = re.fullmatch(r"(.*?)(\d+)(\D*)", host)
        before, number, after = found.groups() if found else (host, "", "")
        last = series[-1] if series else ("", "", "", "")
        if number and last[2] and (before, after) == (last[0], last[3]) and _follows(last[2], number):
            series[-1] = (before, last[1], number, after)
        else:
            series.append((before, number, number, after))
    told = [f"{a}{first}{b}" if first == last else f"{a}[{first}:{last}]{b}" for a, first, last, b in series]
    if len(told) > _MOST_NAMES:
        return f"{', '.join(told[:_MOST_NAMES])} and others ({len(hosts)} hosts)"
    return ", ".join(told)


def _follows(former: str, number: str) -> bool:
    padded = former.startswith("0") or number.startswith("0")
    return int(number) == int(former) + 1 and (not padded or len(former) == len(number))
