# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the content of buildkitd.toml, as plain data, against the table of its keys."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.keys import (
    BUILDKITD_KEYS,
    NEWEST,
    Key,
    Named,
    Node,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, suggest, type_name

# Go's time.ParseDuration, or a whole number of seconds (config/gcpolicy.go)
_DURATION = re.compile(r"(?:(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:ns|us|µs|μs|ms|s|m|h))+|\d{1,18}", re.ASCII)
# docker/go-units RAMInBytes: binary multiples; a percentage is a whole number (config/gcpolicy.go)
_DISK_SPACE = re.compile(r"\d{1,18}(?:\.\d{1,18})? ?(?:[kmgtp](?:i?b)?|b)?|\d{1,18}%", re.ASCII | re.IGNORECASE)

ENTITLEMENTS = ("network.host", "security.insecure", "device")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("error", "warn", "info", "debug", "trace")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    if _is_int(value):
        return str(value).isdecimal()
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_toml(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_toml(each) for key, each in value.items())
    if isinstance(value, list):
        return all(_is_toml(each) for each in value)
    return isinstance(value, (str, int, float, datetime.date, datetime.time))


KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "any": (_is_toml, "Write strings, numbers, booleans, lists and mappings"),
    "str": (lambda value: isinstance(value, str), "Write a string"),
    "bool": (lambda value: isinstance(value, bool), "Write true or false, without quotes"),
    "int": (_is_int, "Write a whole number, without quotes"),
    "positive int": (lambda value: _is_int(value) and int(str(value)) > 0, "Write a whole number above 0"),
    "strings": (_is_strings, "Write a list of strings"),
    "addresses": (
        lambda value: isinstance(value, list) and all(isinstance(each, str) and _is_address(each) for each in value),
        "Write a list of IP addresses: with names in it builds fail",
    ),
    "duration": (
        lambda value: _matches(_DURATION, value),
        'Write whole seconds or a duration in h, m and s such as "48h"; there is no unit for days',
    ),
    "disk": (
        lambda value: _matches(_DISK_SPACE, value),
        'Write bytes, a size such as "20GB" (1024 to the power of 3) or a whole percentage of the disk such as "75%"',
    ),
    "entitlements": (
        lambda value: isinstance(value, list) and all(each in ENTITLEMENTS for each in value),
        f"Write a list of {', '.join(ENTITLEMENTS)}",
    ),
    "log format": (lambda value: value in LOG_FORMATS, f"Write one of {', '.join(LOG_FORMATS)}"),
    "log level": (lambda value: value in LOG_LEVELS, f"Write one of {', '.join(LOG_LEVELS)}"),
}


def check_keys(
    value: object, variable: str, findings: Findings, node: Node | None = None, *, removals: bool = False
) -> None:
    """Check *value*, the content of buildkitd.toml, against *node* of the table, by default the whole file's.

    *removals*: null is allowed, as in a merge patch. Problems are added to *findings*.
    """
    node = BUILDKITD_KEYS if node is None else node
    node = node.node if isinstance(node, Key) else node
    if value is None and removals:
        return
    if isinstance(node, str):
        fits, remedy = KINDS[node]
        if not fits(value):
            findings.problem(variable, value, f"is {type_name(value)} that buildkitd does not accept", remedy)
    elif isinstance(node, list):
        _check_tables(value, variable, findings, node[0])
    elif not isinstance(value, Mapping):
        findings.problem(variable, value, f"is {type_name(value)}, not a table", "Write a mapping: {key: value}")
    else:
        for key, each in value.items():
            if isinstance(node, Named) and not isinstance(key, str):
                findings.problem(f"{variable}.{key}", None, "has a key that is not a string", "Put the key in quotes")
            elif not isinstance(node, Named) and key not in node:
                ignores = f"BuildKit up to {text_of(NEWEST)} silently ignores it"
                message = f"is not a valid key here in buildkitd.toml; {ignores}"
                findings.problem(f"{variable}.{key}", None, message, suggest(key, node))
            else:
                child = node.node if isinstance(node, Named) else node[key]
                check_keys(each, child_name(variable, key), findings, child, removals=removals)


def _check_tables(value: object, variable: str, findings: Findings, node: Mapping[str, Node]) -> None:
    if not isinstance(value, list):
        message = f"is {type_name(value)}, not a list of tables"
        findings.problem(variable, value, message, "Write a list of mappings: [{key: value}]")
        return
    for index, each in enumerate(value):
        check_keys(each, f"{variable}[{index}]", findings, node)


def child_name(variable: str, key: str) -> str:
    """How a message names *key* below *variable*."""
    return f"{variable}.{key}" if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'{variable}."{key}"'
