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
    """The digest of the arguments of module plan, and of all code that runs on hosts.

    Who logs in from other hosts follows after a colon, as only a run knows it, and a survey does not.
    """
    arguments = _without_keys(arguments)
    given = arguments.get("ssh_options") or {}
    others = {name: given[name] for name in ("clients", "settled") if name in given}
    if not others:
        return _digest([code(), arguments])
    own = {name: value for name, value in given.items() if name not in others}
    return f"{_digest([code(), {**arguments, 'ssh_options': own}])}:{_digest(others)}"


def _without_keys(arguments: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Without keys for `serve`, which their certificates determine: for an unchanged host they are not decrypted."""
    found = dict(arguments)
    if found.get("serve"):
        found["serve"] = {name: each for name, each in found["serve"].items() if name != "key"}
    if any(node.get("serve") for each in found.get("instances") or () for node in each.get("nodes") or ()):
        found["instances"] = [
            {**each, "nodes": [*map(_without_key, each.get("nodes") or ())]} for each in found["instances"]
        ]
    return found


def _without_key(node: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: each for name, each in node.items() if name != "client_key" or not node.get("serve")}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


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
