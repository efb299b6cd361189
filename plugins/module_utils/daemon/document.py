# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json as text and as data: read strictly, written in the style it had. Pure."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError

PATH = "/etc/docker/daemon.json"
Document = t.Dict[str, t.Any]


def parse(text: t.Optional[str], path: str = PATH) -> Document:
    """The document; {} for no file and for an empty one, which dockerd accepts too.

    Raises HostError for what dockerd would refuse or misread: no JSON, no mapping, a key twice.
    """
    if text is None or not text.strip():
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_strict)
    except json.JSONDecodeError as exc:
        raise HostError(
            f"{path} is no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}. It was left as it is: mend or "
            "remove it, then run again"
        ) from exc
    except _TwiceError as exc:
        raise HostError(
            f"{path} has the key {exc.key!r} twice in one mapping, in line {_line_of_second(text, exc.key)}: dockerd "
            "takes the last one. It was left as it is: remove one of them, then run again"
        ) from exc
    if not isinstance(found, dict):
        raise HostError(f"{path} holds no mapping but {type(found).__name__}. It was left as it is: mend or remove it")
    return found


def render(document: t.Mapping[str, t.Any], former: t.Optional[str]) -> str:
    """*document* as JSON, indented as *former* was, by four spaces at first."""
    found = re.search(r"\n([ \t]+)\S", former or "")
    return json.dumps(document, indent=found.group(1) if found else 4, ensure_ascii=False) + "\n"


class _TwiceError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _strict(pairs: t.List[t.Tuple[str, t.Any]]) -> Document:
    found: Document = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _line_of_second(text: str, key: str) -> int:
    places = [match.start() for match in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)]
    return text.count("\n", 0, places[-1]) + 1 if places else 1
