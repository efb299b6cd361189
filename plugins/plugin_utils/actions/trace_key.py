# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When traces are used, and for what a trace is valid: one desired state, and one version of the code."""

from __future__ import annotations

import functools
import hashlib
import json
import typing as t
from collections.abc import Mapping
from pathlib import Path

_PLUGINS = Path(__file__).resolve().parents[2]


def trace_key(arguments: Mapping[str, t.Any]) -> str:
    """The digest of the arguments of module plan, and of all code that runs on hosts."""
    return hashlib.sha256(json.dumps([code(), arguments], sort_keys=True, default=str).encode()).hexdigest()


def unwanted(options: Mapping[str, t.Any], connection: t.Any) -> str:
    """Why the next run makes a full plan regardless of the host's trace; "" if a trace is sufficient."""
    if options["full_plan"]:
        return "builder_full_plan is true"
    if not options["trace_max_age"]:
        return "builder_trace_max_age is 0"
    if not getattr(connection, "has_pipelining", False):
        return f"connection {connection.transport} cannot pass input to programs"
    return ""


@functools.cache
def code() -> str:
    """The digest of all code that runs on hosts."""
    found = hashlib.sha256()
    for path in sorted((_PLUGINS / "module_utils").rglob("*.py")):
        found.update(str(path.relative_to(_PLUGINS)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()
