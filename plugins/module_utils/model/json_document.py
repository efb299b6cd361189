# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's JSON files, daemon.json and config.json: parsed strictly, written in their existing style. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

Document = t.Dict[str, t.Any]
CLIENT_MAPPINGS = ("auths", "credHelpers", "HttpHeaders", "proxies")
"""Keys of config.json that docker reads as mappings (docker/cli, cli/config/configfile/file.go)."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)?|[{}]')


MARK = "\ufeff"
"""The byte order mark that Windows editors write at the start of a file."""


def parse(text: t.Optional[str], path: str, *, marked: bool = False) -> Document:
    """The document of the file *path*; {} if it is missing or empty, as Docker has it.

    *marked* allows a byte order mark at the start. Raises HostError for what Docker would refuse or misread: invalid
    JSON, a document that is not a mapping, a duplicate key.
    """
    text = text[len(MARK) :] if text and marked and text.startswith(MARK) else text
    if text is None or not text.strip():
        return {}
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise HostError(
            f"{path} is not valid JSON: {_reason(exc)}. It was not changed: fix or remove it, then run again"
        ) from exc
    second = _second(text)
    if second is not None:
        key, line = second
        raise HostError(
            f"{path} has the duplicate key {key!r} in line {line}: Docker uses the last one. It was not changed: "
            "remove one of them, then run again"
        )
    if not isinstance(found, dict):
        raise HostError(f"{path} holds {type(found).__name__}, not a mapping. It was not changed: fix or remove it")
    return found


def _refuse(word: str) -> t.Any:
    """NaN and Infinity, which Python would accept."""
    raise ValueError(f"{word} is not a valid number")


def _reason(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"{exc.msg} in line {exc.lineno}, column {exc.colno}"
    return "it is nested too deep" if isinstance(exc, RecursionError) else str(exc).partition(";")[0]


def render(document: t.Mapping[str, t.Any], former: t.Optional[str], indent: str = "    ") -> str:
    """*document* as JSON, with the indentation and line end of *former*; by default *indent* and a newline."""
    found = re.search(r"\n([ \t]+)\S", former or "")
    end = "" if former and former.endswith("}") else "\n"
    text = json.dumps(document, indent=found.group(1) if found else indent, ensure_ascii=False) + end
    text = (MARK if former and former.startswith(MARK) else "") + text
    return _SURROGATE.sub(lambda half: f"\\u{ord(half.group()):04x}", text)  # an unpaired surrogate cannot be encoded


def _second(text: str) -> t.Optional[t.Tuple[str, int]]:
    """(key, line) of the first duplicate key in a text that is valid JSON."""
    mappings: t.List[t.Set[str]] = []
    for token in _TOKEN.finditer(text):
        if token.group() == "{":
            mappings.append(set())
        elif token.group() == "}":
            mappings.pop()
        elif token.group("colon"):
            key = json.loads(token.group("text"))
            if key in mappings[-1]:
                return key, text.count("\n", 0, token.start()) + 1
            mappings[-1].add(key)
    return None
