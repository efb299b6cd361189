# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs as lines of text: a row per host, a column per platform. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence


def table(results: Mapping[str, Mapping[str, t.Any]]) -> list[str]:
    """The table of {host: result of module build_proof}; not proven by one builder or user means not proven."""
    platforms = [each["platform"] for result in results.values() for each in result.get("proofs", [])]
    for result in results.values():
        platforms += [platform for each in result.get("failures", []) for platform in each["platforms"]]
    platforms = list(dict.fromkeys(platforms))
    rows = [["host", *platforms]]
    for host, result in results.items():
        rows.append([host, *(_cell(result, platform) for platform in platforms)])
        if not platforms:
            rows[-1].append("NOT PROVEN")
    return lines(rows)


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows if column < len(row)) for column in range(max(map(len, rows)))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def _cell(result: Mapping[str, t.Any], platform: str) -> str:
    found = [each for each in result.get("proofs", []) if each["platform"] == platform]
    failures, pulls = result.get("failures", []), result.get("pulls", [])
    told = bool(failures) or any(each["message"] for each in pulls)  # of docker's own pulls, no platform's
    failed = any(platform in each["platforms"] for each in failures) or (result.get("failed") and not told)
    if not found or failed:
        return "NOT PROVEN"
    return f"{found[0]['how']} {'pushed' if all(each['pushed'] for each in found) else 'built'}"
