# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One setting for the garbage collection of the build cache: of dockerd's own BuildKit and of the builders'. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Gc:
    """What is asked, None where nothing is. Sizes are bytes, `50GB` or `10%`, *unused_for* is a duration such as `48h`.

    In BuildKit's own words *keep* is the reserved space, *max* the maximum of used space, *free* the minimum of free
    space (moby/buildkit, cmd/buildkitd/config/config.go).
    """

    keep: t.Optional[str] = None
    max: t.Optional[str] = None
    free: t.Optional[str] = None
    unused_for: t.Optional[str] = None
    enabled: t.Optional[bool] = None

    @property
    def asked(self) -> bool:
        """Whether anything is asked at all."""
        return self != NO_GC

    @property
    def off(self) -> bool:
        """Whether nothing shall be collected."""
        return self.enabled is False

    @property
    def limit(self) -> t.Optional[str]:
        """The size to which the cache is cut, where there is one number for it: before BuildKit 0.17 and Docker 28."""
        return self.max or self.keep

    @property
    def sizes(self) -> t.Dict[str, str]:
        """The sizes that are given, by the names that BuildKit 0.17 and Docker 28 have for them."""
        found = {"reservedSpace": self.keep, "maxUsedSpace": self.max, "minFreeSpace": self.free}
        return {name: size for name, size in found.items() if size is not None}


NO_GC = Gc()


def gc_of(params: t.Mapping[str, t.Any]) -> Gc:
    """The setting in a module's parameters, or as the controller compiled it."""
    given = params.get("gc") or {}
    return Gc(**{name: given.get(name) for name in Gc.__dataclass_fields__})
