# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text without secrets, safe to leave a host. Pure."""

from __future__ import annotations

import re
import typing as t

# A proxy's password in daemon.json, in a driver option. ssh URLs have none.
_CREDENTIALS = re.compile(r"(?<!ssh)(://)[^/\s\"']+@")


def shown(text: str) -> str:
    """*text* without the credentials of its URLs."""
    return _CREDENTIALS.sub(r"\1***@", text)


def masked(value: t.Any) -> t.Any:
    """*value*, plain data, without credentials of URLs in its strings."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, (list, tuple)) else value
