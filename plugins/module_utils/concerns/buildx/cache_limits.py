# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits that BuildKit gives its cache by itself, by the size of the disk: said when a builder is made. Pure.

moby/buildkit, cmd/buildkitd/config/gcpolicy.go and gcpolicy_unix.go (before 0.13 gcpolicy_linux.go), at v0.11.6 to
v0.32.2: up to 0.16 a tenth of the disk. Since 0.17 at most 80 % or 100 GB of it; while less than 20 % is free it goes
below that, down to 10 % or 10 GB. Shares are rounded up.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of

_LIMITS_SINCE: Version = (0, 17)
_RELEASE = re.compile(r"/buildkit:v(\d+\.\d+[^@]*)")
# Any of them replaces the defaults; the text is of the controller's rendering, one key a line.
_OWN = re.compile(r"^\s*(?:gc|gckeepstorage|reservedSpace|maxUsedSpace|minFreeSpace|gcpolicy)\s*=", re.MULTILINE)
_POLICY = re.compile(r"^\s*\[\[worker\.oci\.gcpolicy\]\]", re.MULTILINE)
_GB = 10**9


@dataclass(frozen=True)
class Limits:
    """Bytes: the cache is reduced to *max*, and to *keep* while less than *free* of the disk are free."""

    max: int
    keep: int
    free: int


def default_limits(disk: int, version: Version) -> Limits:
    """Those on a disk of that many bytes; of a BuildKit of unknown *version*, (), as of a new one."""
    tenth = _share(disk, 10)
    if version and version < _LIMITS_SINCE:
        return Limits(tenth, tenth, 0)
    return Limits(min(_share(disk, 80), 100 * _GB), min(tenth, 10 * _GB), _share(disk, 20))


def _share(disk: int, per_cent: int) -> int:
    return (disk * per_cent // 100 // 2**30 + 1) * _GB


def sets_limits(config: str) -> bool:
    """Whether a buildkitd.toml has limits of its own, or none by its own will."""
    return bool(_OWN.search(config) or _POLICY.search(config))


def note(wanted: Instance, disk: t.Optional[int]) -> t.Optional[str]:
    """What is said of a builder that is made here without limits of its own; *disk* has that many bytes."""
    here = wanted.driver == "docker-container" and any(node.local for node in wanted.nodes)
    if not here or disk is None or sets_limits(wanted.config):
        return None
    named = _RELEASE.search(wanted.image)
    limits = default_limits(disk, version_of(named.group(1)) if named else ())
    text = f"builder {wanted.name}: without builder_gc BuildKit reduces its cache to {human_size.shown(limits.max)}"
    if limits.free:
        short = f"less than {human_size.shown(limits.free)} of the disk are free"
        text += f", and down to {human_size.shown(limits.keep)} while {short}"
    return f"{text} (its defaults on a disk of {human_size.shown(disk)})"
