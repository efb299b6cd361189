# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of handlers on a host."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import WithImages
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class Former:
    """What was there before us: *backup* of its file in /etc/binfmt.d with *mode*, the *line* that registers it.

    *link* is the target of that file, if it was a link, such as one that masked the handler.
    """

    backup: t.Optional[str] = None
    mode: int = 0o644
    line: t.Optional[str] = None
    interpreter: str = ""
    enabled: bool = True
    link: t.Optional[str] = None


@dataclass(frozen=True)
class BinfmtRecord(WithImages):
    """binfmt.json: managed *handlers*, what was there before each, by name, and the *packages* that we installed."""

    handlers: t.FrozenSet[str] = frozenset()
    former: t.Mapping[str, Former] = field(default_factory=dict)
    packages: t.Mapping[str, str] = field(default_factory=dict)


RECORD = RecordFile("binfmt", BinfmtRecord)
