# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a build has pushed, read back from the registry."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical
from ansible_collections.multiarch.builders.plugins.module_utils.proof import remedy as remedies
from ansible_collections.multiarch.builders.plugins.module_utils.proof.scope import image_of

_METADATA = "metadata.json"
_DIGEST = "containerimage.digest"  # moby/buildkit, exporter/containerimage/exptypes/types.go


def written_to(folder: str) -> t.Tuple[str, ...]:
    """The arguments with which buildx writes what it has pushed into *folder*, which is its user's."""
    return ("--metadata-file", f"{folder}/{_METADATA}")


def platforms(builder: str, user: str, repository: str, folder: str) -> t.FrozenSet[str]:
    """The platforms in the index that was pushed, read from the registry with or without TLS as the *builder* does.

    By its digest: other hosts may push theirs to the same tag at the same time. Raises HostError.
    """
    digest = _digest(folder, user)
    reference = f"{repository}@{digest}" if digest else image_of(repository)
    outcome = run(["docker", "buildx", "imagetools", "inspect", "--builder", builder, "--raw", reference], user=user)
    try:
        manifests = json.loads(outcome.stdout)["manifests"]
    except (ValueError, KeyError, TypeError):
        what = f"{image_of(repository)} was pushed, but its index cannot be read back"
        remedy = remedies.remedy_of(outcome.cause, remedies.READ_BACK)
        raise HostError(what, outcome.cause, remedy, outcome.said) from None
    return index_platforms(manifests)


def _digest(folder: str, user: str) -> str:
    """The digest in buildx's metadata, "" if there is none."""
    try:
        return str(json.loads(read(f"{folder}/{_METADATA}", owner_of(user)) or "{}").get(_DIGEST) or "")
    except (ValueError, AttributeError):
        return ""


def index_platforms(manifests: t.Iterable[t.Mapping[str, t.Any]]) -> t.FrozenSet[str]:
    """Canonical names of the platforms in an index; attestations (platform unknown/unknown) are omitted."""
    found = set()
    for each in manifests:
        platform = each.get("platform") or {}
        if platform.get("os") == "linux":
            parts = ["linux", platform.get("architecture", ""), platform.get("variant", "")]
            with contextlib.suppress(ValueError):  # not a platform that can be requested
                found.add(canonical("/".join(part for part in parts if part)))
    return frozenset(found)
