# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our lines in a user's authorized_keys: found again by their keys, so that lines of others stay as they are. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.exchange import line
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import Client


def line_of(client: Client) -> str:
    """The line that authorises a client, without its end."""
    return line(client.key, client.user, client.scheduler)


def with_lines(text: str, known: t.Iterable[Client], wanted: t.Sequence[Client]) -> str:
    """*text* with exactly the lines of *wanted*, of which *known* are recorded; all other lines as they are."""
    lines = [line_of(each) for each in wanted]
    keys = {_blob(each) for each in (*known, *wanted) if each.key}
    kept: t.List[str] = []
    there: t.Set[str] = set()
    for present in text.splitlines(keepends=True):
        bare = present.rstrip("\r\n")
        if bare in lines and bare not in there:
            there.add(bare)
        elif _is_of(bare, keys):
            continue
        kept.append(present)
    missing = [each for each in lines if each not in there]
    if missing and kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    return "".join((*kept, *(f"{each}\n" for each in missing)))


def _blob(client: Client) -> str:
    return client.key.partition(" ")[2]


def _is_of(present: str, keys: t.Container[str]) -> bool:
    """Whether a line, which is no comment, authorises one of *keys*."""
    return not present.lstrip().startswith("#") and any(word in keys for word in present.split())


def ours(text: str, clients: t.Iterable[Client]) -> str:
    """Those lines of *text* that are for keys of *clients*: all others are foreign, and not for a diff."""
    keys = {_blob(each) for each in clients if each.key}
    return "".join(f"{each}\n" for each in text.splitlines() if _is_of(each, keys))
