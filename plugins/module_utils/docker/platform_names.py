# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buildx accepts which name of a platform. Pure.

buildx 0.20 is the first with github.com/containerd/platforms 1.0, whose names may contain a dot (linux/arm64/v8.2):
go.mod of every tag of docker/buildx, and `specifierRe` in platforms.go.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of, version_of

_DOTS = (0, 20)


def with_dots(platforms: t.Iterable[str]) -> t.Tuple[str, ...]:
    """Those of *platforms* that not every supported buildx accepts, each once."""
    return tuple(each for each in dict.fromkeys(platforms) if "." in each)


def unreadable(platforms: t.Iterable[str], buildx: str) -> t.Tuple[str, ...]:
    """Messages about *platforms* (canonical) whose names buildx of version *buildx* refuses; none for an unknown."""
    if not () != version_of(buildx) < _DOTS:
        return ()
    return tuple(
        f"buildx {buildx} does not accept the name {each}, which requires {text_of(_DOTS)}"
        for each in with_dots(platforms)
    )
