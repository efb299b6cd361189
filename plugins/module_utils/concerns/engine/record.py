# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of Docker's and buildx's installation."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class OwnPlugin:
    """The buildx plugin that we installed, and the copy and version of the *former* one at its path, None for none."""

    sha256: str
    former: t.Optional[str] = None
    former_version: t.Optional[str] = None


@dataclass(frozen=True)
class EngineRecord(WithFiles):
    """engine.json: *packages* that we installed, with their versions, units that we *enabled*, our *plugin*.

    *upgrading* are the former versions of packages in an upgrade that has not been seen to work.
    """

    packages: t.Mapping[str, str] = field(default_factory=dict)
    enabled: t.FrozenSet[str] = frozenset()
    plugin: t.Optional[OwnPlugin] = None
    upgrading: t.Mapping[str, str] = field(default_factory=dict)


RECORD = RecordFile("engine", EngineRecord)
