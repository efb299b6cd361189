# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a token endpoint: https://distribution.github.io/distribution/spec/auth/token/ . Pure.

Tokens are opaque to clients. Those of Harbor, GitLab, Docker Hub and Quay are JSON Web Tokens with the claims of
https://distribution.github.io/distribution/spec/auth/jwt/ ; signatures are not verified here.
"""

from __future__ import annotations

import base64
import json
import re
import typing as t
from dataclasses import dataclass

_USABLE = re.compile(r"[\x21-\x7e]+")  # in a header


@dataclass(frozen=True)
class Claims:
    """The validity of a token, in seconds since 1970, and {repository: the actions it allows}.

    None is what a token does not state.
    """

    begins: t.Optional[int] = None
    ends: t.Optional[int] = None
    access: t.Optional[t.Mapping[str, t.FrozenSet[str]]] = None


def token_in(body: bytes) -> str:
    """The token of an answer, "" if it has none. It is a secret: never print it."""
    found = _json(body)
    tokens = [found.get(name) for name in ("access_token", "token")]  # either or both (containerd, auth/fetch.go)
    return next((each for each in tokens if isinstance(each, str) and _USABLE.fullmatch(each)), "")


def claims_in(token: str) -> Claims:
    """The claims of a token, empty if it is not a JSON Web Token."""
    parts = token.split(".")
    try:
        claims = _json(base64.urlsafe_b64decode(f"{parts[1]}===")) if len(parts) == 3 else {}
    except ValueError:
        return Claims()
    return Claims(_time(claims.get("nbf")), _time(claims.get("exp")), _access(claims) if "access" in claims else None)


def _json(text: bytes) -> t.Dict[str, t.Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(value: t.Any) -> t.Optional[int]:
    usable = isinstance(value, (int, float)) and 0 < value < 1 << 40  # no infinity, no year out of range
    return int(value) if usable else None


def _access(claims: t.Mapping[str, t.Any]) -> t.Optional[t.Mapping[str, t.FrozenSet[str]]]:
    """The actions for each repository; entries for the same one are merged."""
    rows = claims["access"] or ()
    if not isinstance(rows, (list, tuple)):
        return None
    found: t.Dict[str, t.FrozenSet[str]] = {}
    for each in rows:
        name, actions = (each.get("name"), each.get("actions") or ()) if isinstance(each, dict) else (None, ())
        if isinstance(name, str) and isinstance(actions, (list, tuple)):
            found[name] = found.get(name, frozenset()) | {action for action in actions if isinstance(action, str)}
    return found
