# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of docker contexts on a host."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class OwnContext:
    """A managed context of *user*: its *name*, the *host* that we wrote, and whether without verified TLS.

    *leaves* says that its removal has begun.
    """

    user: str
    name: str
    host: str
    skip_tls_verify: bool = False
    leaves: bool = False


@dataclass(frozen=True)
class ContextsRecord(WithFiles):
    """contexts.json: the managed *contexts*, by the path of their meta.json."""

    contexts: t.Mapping[str, OwnContext] = field(default_factory=dict)


RECORD = RecordFile("contexts", ContextsRecord)
