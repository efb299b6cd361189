# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`root` in containerd's config.toml: set in its text, all else kept. Pure.

In TOML top-level keys come before the first table. A line that starts with [ may also belong to a list over several
lines; so a new line is put first, where it is a top-level key in any case.
"""

from __future__ import annotations

import re
import typing as t

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_ROOT = re.compile(r"^[ \t]*root[ \t]*=[ \t]*([\"'])(.*?)\1[^\n]*$", re.MULTILINE)
_NEW = 'version = 2\nroot = "{root}"\n'
"""Version 2 is known to containerd 1.3 to 2.3 (services/server/config/config.go, cmd/containerd/server/config/)."""


def root_in(text: str) -> t.Optional[str]:
    """The value of `root`, None without it or if it is empty, which is the default folder then."""
    found = _ROOT.search(_top(text))
    return found.group(2) or None if found else None


def with_root(text: t.Optional[str], root: str) -> str:
    """*text* (None: there is no file) with that *root*, which needs no escapes."""
    if text is None or not text.strip():
        return _NEW.format(root=root)
    found = _ROOT.search(_top(text))
    if found is None:
        return f'root = "{root}"\n{text}'
    return f"{text[: found.start(2)]}{root}{text[found.end(2) :]}"


def _top(text: str) -> str:
    found = _TABLE.search(text)
    return text if found is None else text[: found.start()]
