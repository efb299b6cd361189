# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a registry that does not take something, as one table."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capabilities import Capability
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capability_words import words_of

OLDER = "Set builder_environment: {BUILDX_NO_DEFAULT_OCI_ARTIFACT: true}, with builder_environment_file, and provision"
NONE = "Set builder_environment: {BUILDX_NO_DEFAULT_ATTESTATIONS: true}, with builder_environment_file, and provision"
NEWER = "; buildx 0.36.1 and newer can keep attestations, in the older form, with BUILDX_NO_DEFAULT_OCI_ARTIFACT"
SUBJECT = {"artifact": False, "empty": True, "attestation": True}
NOT_AT_ALL = {"artifact": False, "empty": False, "attestation": False}
NO_ARTIFACT, NO_ATTESTATIONS = "BUILDX_NO_DEFAULT_OCI_ARTIFACT", "BUILDX_NO_DEFAULT_ATTESTATIONS"


def words(
    taken: dict[str, bool], environment: dict[str, str], buildx: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return words_of("r.test", [Capability(form, ok, "NO") for form, ok in taken.items()], environment, buildx)


@pytest.mark.parametrize(
    ("taken", "environment", "buildx", "remedy"),
    [
        pytest.param(SUBJECT, {}, "0.36.1", OLDER, id="a buildx that can keep them"),
        pytest.param(SUBJECT, {}, "0.29.1", NONE + NEWER, id="one that cannot"),
        pytest.param(SUBJECT, {}, None, NONE + NEWER, id="an unknown one"),
        pytest.param(NOT_AT_ALL, {}, "0.36.1", NONE, id="no attestations of any kind"),
        pytest.param(SUBJECT, {NO_ATTESTATIONS: "1"}, "0.29.1", None, id="none are made"),
        pytest.param(SUBJECT, {NO_ATTESTATIONS: "0"}, "0.29.1", NONE + NEWER, id="they are made, on purpose"),
        pytest.param(SUBJECT, {NO_ARTIFACT: "true"}, "0.36.1", None, id="the older form is made"),
        pytest.param(SUBJECT, {NO_ARTIFACT: "1"}, "0.29.1", NONE + NEWER, id="a setting that this buildx ignores"),
        pytest.param(NOT_AT_ALL, {NO_ARTIFACT: "1"}, "0.36.1", NONE, id="a setting that does not help"),
    ],
)
def test_attestations(taken: dict[str, bool], environment: dict[str, str], buildx: str, remedy: str | None) -> None:
    warnings, notes = words(taken, environment, buildx)
    what = "with the empty config" if taken is NOT_AT_ALL else "whose `subject` does not exist yet"
    start = f"r.test rejects attestations as BuildKit 0.32 and newer push them ({what}): NO. "
    if remedy is None:
        (name,) = environment
        assert (warnings, notes) == ((), (f"{start}Builds do not push them, as builder_environment has {name}",))
    else:
        assert (warnings, notes) == ((f"{start}{remedy}",), ())


def test_nothing_is_said_where_all_is_taken() -> None:
    assert words({"artifact": True, "index": True, "zstd": True}, {}, "0.29.1") == ((), ())


def test_an_index_is_needed_and_zstd_is_not() -> None:
    warnings, notes = words({"artifact": True, "index": False, "zstd": False}, {}, "0.29.1")
    assert warnings == ("r.test rejects indexes, so it cannot store multi-platform images: NO",)
    assert [note.startswith("r.test rejects layers that are compressed with zstd: NO. No build") for note in notes]
