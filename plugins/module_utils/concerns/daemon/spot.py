# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A setting in daemon.json with which dockerd does not start, or that it ignores, for messages. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON

OPTIONS = "builder_daemon_options"
# Other sources of our keys than builder_daemon_options.
_VARIABLES = {
    "dns": "builder_dns",
    "proxies": "builder_proxy",
}
_LONGEST_VALUE = 80  # characters of a value in a message


@dataclass(frozen=True)
class Spot:
    """One blind spot. *value* is safe for messages: JSON, without credentials."""

    path: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.message}. {self.remedy}"


def dockerd(engine: t.Optional[str]) -> str:
    """dockerd, with its version if known."""
    return f"dockerd {engine}" if engine else "dockerd"


def origin(path: str) -> str:
    """Where a key may be set."""
    return f"it is set by {_VARIABLES.get(path.partition('.')[0], OPTIONS)} or in {DAEMON_JSON}"


def shown(value: t.Any) -> str:
    """*value* in a form that is safe for messages."""
    text = json.dumps(_masked(value), ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _masked(value: t.Any) -> t.Any:
    """*value* without credentials before an @, and without a URL's query."""
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
