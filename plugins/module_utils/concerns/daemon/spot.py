# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing in a daemon.json with which dockerd does not start, or that it ignores, as a message tells it. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON

OPTIONS = "builder_daemon_options"
# Where else than in builder_daemon_options a key of ours comes from.
_VARIABLES = {
    "dns": "builder_dns",
    "proxies": "builder_proxy",
}
_LONGEST_VALUE = 80  # characters of a value in a message


@dataclass(frozen=True)
class Spot:
    """One blind spot. *value* is as a message may show it: JSON, without credentials."""

    path: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.message}. {self.remedy}"


def dockerd(engine: t.Optional[str]) -> str:
    """dockerd, with its version if that is known."""
    return f"dockerd {engine}" if engine else "dockerd"


def origin(path: str) -> str:
    """Where a key may come from."""
    return f"it is from {_VARIABLES.get(path.partition('.')[0], OPTIONS)} or in {DAEMON_JSON}"


def shown(value: t.Any) -> str:
    """*value* as a message may show it."""
    text = json.dumps(_masked(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _masked(value: t.Any) -> t.Any:
    """*value* without what stands before an @, and without what a query of a URL says."""
    if isinstance(value, Mapping):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://") if "://" in value else ("", "", value)
    if "@" in rest:
        rest = "***" + rest[rest.rindex("@") :]
    return scheme + separator + (re.sub(r"([?#]).+", r"\1***", rest, flags=re.DOTALL) if separator else rest)
