# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the next run makes a full plan of this host."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import files
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay


def trace_facts(asked: t.Mapping[str, t.Any]) -> t.Dict[str, t.Optional[str]]:
    """{"time": of the full plan (UTC) that still holds, else None; "why": the reason for another, "" if none}.

    *asked* has the "key" and "max_age" (seconds) of a trace, and "why" none is to be used at all.
    """
    if asked["why"]:
        return {"time": None, "why": asked["why"]}
    found = replay.replay(replay.PATH, _with_others(asked["key"]), asked["max_age"])
    if "why" in found:
        return {"time": None, "why": found["why"]}
    made = datetime.datetime.fromtimestamp(found["time"], datetime.timezone.utc)
    return {"time": made.strftime("%Y-%m-%dT%H:%M:%SZ"), "why": ""}


def _with_others(key: str) -> str:
    """*key* as the trace has it, with what a run knows of other hosts after a colon."""
    try:
        found = json.loads(files.read(replay.PATH) or "{}")["key"]
    except (HostError, ValueError, LookupError, TypeError):
        return key
    return str(found) if str(found).startswith(f"{key}:") else key
