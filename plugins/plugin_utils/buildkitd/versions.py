# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks buildkitd.toml against the BuildKit version that will read it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import child_name
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.keys import (
    BUILDKITD_KEYS,
    TEXT_SINCE,
    Key,
    Named,
    Node,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def check_versions(config: Mapping[str, t.Any], version: Version, variable: str, findings: Findings) -> None:
    """Report what BuildKit *version* ignores in *config*, whose keys and types are valid; nothing if it is (), unknown.

    Null removes a key, so its version does not matter.
    """
    for name, key, value in _uses(config, BUILDKITD_KEYS, variable) if version else ():
        if key.since > version:
            findings.warn(name, f"is ignored by BuildKit {text_of(version)} (since {text_of(key.since)})")
        elif key.deprecated and key.deprecated <= version:
            findings.warn(name, f"is deprecated since BuildKit {text_of(key.deprecated)}: use {key.instead}")
        elif key.node in ("disk", "duration") and isinstance(value, str) and version < TEXT_SINCE:
            whole = "bytes" if key.node == "disk" else "seconds"
            message = f"is text, which needs BuildKit {text_of(TEXT_SINCE)}: {text_of(version)} would not start"
            findings.problem(name, value, message, f"Write whole {whole}, without quotes, or use a newer image")


def _uses(value: t.Any, node: Node, variable: str) -> Iterator[tuple[str, Key, t.Any]]:
    """(name, row of the table, value) of every key in *value*; the name of a table comes before what is in it."""
    key = node if isinstance(node, Key) else Key(node)
    if value is None:
        return
    yield variable, key, value
    if isinstance(key.node, list):
        for index, each in enumerate(value):
            yield from _uses(each, key.node[0], f"{variable}[{index}]")
    elif not isinstance(key.node, str):
        for name, each in value.items():
            child = key.node.node if isinstance(key.node, Named) else key.node[name]
            yield from _uses(each, child, child_name(variable, name))
