# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means that a registry rejects a format, and the setting that helps. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    BUILDX,
    NO_ARTIFACT,
    NO_ATTESTATIONS,
    SETTINGS,
    is_set,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of, version_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capabilities import (
    ARTIFACT,
    EMPTY,
    INDEX,
    OLDER,
    ZSTD,
    Capability,
)

Words = t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]


def words_of(
    registry: str, found: t.Sequence[Capability], environment: t.Mapping[str, str], buildx: t.Optional[str]
) -> Words:
    """(warnings, notes) about what *registry* rejects, for hosts with these settings and this buildx."""
    refused = {each.form: each.said for each in found if not each.taken}
    warnings, notes = [], []
    if ARTIFACT in refused:
        what = "with the empty config" if EMPTY in refused else "whose `subject` does not exist yet"
        words = f"{registry} rejects attestations as BuildKit 0.32 and newer push them ({what}): {refused[ARTIFACT]}"
        setting = _in_place(environment, buildx, older=OLDER not in refused)
        if setting:
            notes.append(f"{words}. Builds do not push them, as builder_environment has {setting}")
        else:
            warnings.append(f"{words}. {remedy(buildx, older=OLDER not in refused)}")
    if INDEX in refused:
        warnings.append(f"{registry} rejects indexes, so it cannot store multi-platform images: {refused[INDEX]}")
    if ZSTD in refused:
        notes.append(
            f"{registry} rejects layers that are compressed with zstd: {refused[ZSTD]}. No build makes them unless it "
            "says so (compression=zstd)"
        )
    return tuple(warnings), tuple(notes)


def remedy(buildx: t.Optional[str], *, older: bool) -> str:
    """The remedy for rejected attestations; *older* says whether those before BuildKit 0.32 are accepted."""
    wanted = NO_ARTIFACT if older and _knows_artifacts(buildx) else NO_ATTESTATIONS
    words = f"Set builder_environment: {{{wanted}: true}}, with builder_environment_file, and provision"
    if older and wanted == NO_ATTESTATIONS:
        since = text_of(SETTINGS[NO_ARTIFACT].since)
        words += f"; {BUILDX} {since} and newer can keep attestations, in the older form, with {NO_ARTIFACT}"
    return words


def _in_place(environment: t.Mapping[str, str], buildx: t.Optional[str], *, older: bool) -> str:
    """The setting that is present and helps, "" if none."""
    if is_set(environment, NO_ATTESTATIONS):
        return NO_ATTESTATIONS
    return NO_ARTIFACT if older and is_set(environment, NO_ARTIFACT) and _knows_artifacts(buildx) else ""


def _knows_artifacts(buildx: t.Optional[str]) -> bool:
    return version_of(buildx or "") >= SETTINGS[NO_ARTIFACT].since
