# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One setting for the garbage collection of the build cache: of dockerd's own BuildKit and of the builders'. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Gc:
    """The limits, None where unset. Sizes are bytes, `50GB` or `10%`, *unused_for* is a duration such as `48h`.

    BuildKit calls *keep* the reserved space, *max* the maximum used space, and *free* the minimum free
    space (moby/buildkit, cmd/buildkitd/config/config.go).
    """

    keep: t.Optional[str] = None
    max: t.Optional[str] = None
    free: t.Optional[str] = None
    unused_for: t.Optional[str] = None
    enabled: t.Optional[bool] = None

    @property
    def asked(self) -> bool:
        """Whether any limit is set."""
        return self != NO_GC

    @property
    def off(self) -> bool:
        """Whether garbage collection is disabled."""
        return self.enabled is False

    @property
    def limit(self) -> t.Optional[str]:
        """The size to which the cache is pruned, for those with a single limit: before BuildKit 0.17 and Docker 28."""
        return self.max or self.keep

    @property
    def sizes(self) -> t.Dict[str, str]:
        """The sizes that are set, by their names in BuildKit 0.17 and Docker 28."""
        found = {"reservedSpace": self.keep, "maxUsedSpace": self.max, "minFreeSpace": self.free}
        return {name: size for name, size in found.items() if size is not None}


NO_GC = Gc()


def gc_of(params: t.Mapping[str, t.Any]) -> Gc:
    """The setting from a module's parameters, or from the controller's compiled form."""
    given = params.get("gc") or {}
    return Gc(**{name: given.get(name) for name in Gc.__dataclass_fields__})
