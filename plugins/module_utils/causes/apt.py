# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause in the output of apt-get and dpkg. Pure.

With `LC_ALL=C`: apt/apt, apt-pkg/contrib/error.cc (`E: `, `W: `), apt-private/private-output.cc (unmet dependencies);
dpkg/dpkg, lib/dpkg/error-handler.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import last_line, lines_of

_FETCH = re.compile(r"^[EW]: Failed to fetch (\S+)\s+(.*)")
_UNSIGNED = re.compile(r"^[EW]: (.* is not signed\.|.*[Ss]ignature verification.*)")
_UNMET = "The following packages have unmet dependencies:"
_DPKG = re.compile(r"^dpkg: error processing (?:package|archive) (\S+) \((.*)\):")
_ADVICE = re.compile(r"^E: (?:Sub-process |Unable to fetch some archives|Some index files failed)")


def of_apt(stdout: str, stderr: str) -> str:
    """Why apt-get failed, or what it could not fetch, as `apt-get update` does not fail for that alone."""
    out, err = lines_of(stdout), lines_of(stderr)
    found = _package(out, err) or _unmet(out) or _removal(out, err) or _error(err) or last_line(stderr or stdout)
    return " ".join(found.split())


def unfetched(stderr: str) -> str:
    """What apt-get could not fetch and why, in one line; empty if nothing is missing."""
    found = dict.fromkeys(
        f"{each.group(1)}: {each.group(2).rstrip(': ')}" for each in map(_FETCH.match, lines_of(stderr)) if each
    )
    unsigned = [each.group(1) for each in map(_UNSIGNED.match, lines_of(stderr)) if each is not None]
    return " ".join("; ".join(_few(list(found) or unsigned)).split())


def _few(found: t.Sequence[str], most: int = 2) -> t.List[str]:
    more = len(found) - most
    return [*found[:most], *([f"and {more} more"] if more > 0 else [])]


def _package(out: t.Sequence[str], err: t.Sequence[str]) -> str:
    """A package whose own script failed, or that cannot be unpacked; with the last message before dpkg's."""
    lines = [*out, *err]
    for index, line in enumerate(lines):
        found = _DPKG.match(line)
        if found:
            why = lines[index + 1].strip() if index + 1 < len(lines) else ""
            before = lines[index - 1].strip() if index and not lines[index - 1].startswith(("Setting up", "Un")) else ""
            return f"{found.group(1)}: {why}" + (f" ({before})" if before else "")
    return ""


def _unmet(out: t.Sequence[str]) -> str:
    """` PACKAGE : Depends: … but …`, and a package's further lines below its first."""
    if _UNMET not in out:
        return ""
    rows = []
    for line in out[out.index(_UNMET) + 1 :]:
        if not line.startswith(" "):
            break
        rows.append(" ".join(line.split()).replace(" : ", ": "))
    return "; ".join(_few(rows, 4))


def _removal(out: t.Sequence[str], err: t.Sequence[str]) -> str:
    """What would be removed, if that is forbidden (`--no-remove`)."""
    told = next((line for line in err if "remove is disabled" in line), "")
    head = next((index for index, line in enumerate(out) if line.endswith("packages will be REMOVED:")), None)
    if not told or head is None:
        return ""
    names = []
    for line in out[head + 1 :]:
        if not line.startswith(" "):
            break
        names += line.split()
    return f"it would remove {', '.join(names)}"


def _error(err: t.Sequence[str]) -> str:
    fetch = unfetched("\n".join(err))
    if fetch:
        return fetch
    errors = [line for line in err if line.startswith("E: ")]
    found = [line for line in errors if not _ADVICE.match(line)] or errors
    return found[0][len("E: ") :].strip() if found else ""
