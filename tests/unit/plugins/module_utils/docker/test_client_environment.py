# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the clients. Origin of versions and values: the tags of docker/buildx and docker/cli."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import (
    NO_ARTIFACT,
    NO_ATTESTATIONS,
    SETTINGS,
    as_text,
    is_set,
    of_client,
    programs_to_ask,
    without_effect,
)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        pytest.param(NO_ATTESTATIONS, True, "1", id="a boolean, as Go reads it"),
        pytest.param(NO_ATTESTATIONS, False, "0", id="the other"),
        pytest.param("BUILDX_METADATA_PROVENANCE", False, "0", id="a boolean among words"),
        pytest.param("BUILDKIT_COLORS", True, None, id="a boolean for one that takes none"),
        pytest.param("MY_OWN", True, None, id="a boolean for an unknown program"),
        pytest.param("SOURCE_DATE_EPOCH", 1700000000, "1700000000", id="a number"),
        pytest.param("MY_OWN", 7, "7", id="a number for an unknown program"),
        pytest.param("MY_OWN", 1.10, None, id="a fraction: 1.1 or 1.10"),
        pytest.param("MY_OWN", "text", "text", id="text"),
        pytest.param("MY_OWN", None, None, id="nothing"),
        pytest.param("MY_OWN", ["a"], None, id="a list"),
    ],
)
def test_values_are_written_as_the_program_reads_them(name: str, value: object, text: str | None) -> None:
    assert as_text(name, value) == text


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (NO_ATTESTATIONS, ("1", "true", "T", "FALSE"), ("yes", "on", "tRUE", "2")),
        ("BUILDX_METADATA_PROVENANCE", ("min", "max", "disabled", "0"), ("none", "MAX")),
        ("BUILDX_GIT_LABELS", ("full", "1"), ("all",)),
        ("BUILDKIT_PROGRESS", ("auto", "plain", "tty", "quiet", "rawjson"), ("1", "none", "Plain")),
        ("SOURCE_DATE_EPOCH", ("0", "1700000000"), ("-1", "now", "1.5")),
        ("BUILDKIT_COLORS", ("run=green", "anything"), ()),
        ("DOCKER_DEFAULT_PLATFORM", ("linux/amd64",), ()),
    ],
)
def test_values_that_a_setting_takes(name: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert [each for each in good if not SETTINGS[name].takes(each)] == []
    assert [each for each in bad if SETTINGS[name].takes(each)] == []


@pytest.mark.parametrize("name", [name for name, each in SETTINGS.items() if each.values and not each.number])
def test_the_values_that_are_told_are_taken(name: str) -> None:
    assert [each for each in SETTINGS[name].values.split(", ") if not SETTINGS[name].takes(each)] == []


@pytest.mark.parametrize(
    ("name", "versions", "told"),
    [
        pytest.param(
            NO_ARTIFACT, {"buildx": "0.36.0"}, "buildx 0.36.0 does not support it (requires 0.36.1)", id="old"
        ),
        pytest.param(NO_ARTIFACT, {"buildx": "0.36.1"}, None, id="the first one"),
        pytest.param(NO_ARTIFACT, {"buildx": None}, None, id="an unknown version"),
        pytest.param(NO_ARTIFACT, {}, None, id="nobody asked"),
        pytest.param(NO_ATTESTATIONS, {"buildx": "0.13.1"}, None, id="all have it"),
        pytest.param(
            "DOCKER_CLI_HOOKS",
            {"docker": "20.10.24+dfsg1"},
            "docker 20.10.24+dfsg1 does not support it (requires 26.1)",
            id="docker",
        ),
        pytest.param("MY_OWN", {"buildx": "0.13.1"}, None, id="unknown to all"),
    ],
)
def test_what_a_program_is_too_old_for(name: str, versions: dict[str, str | None], told: str | None) -> None:
    words = (f"builder_environment.{name} has no effect here: {told}",) if told else ()
    assert without_effect([name], versions) == words


@pytest.mark.parametrize(
    ("names", "programs"),
    [
        ([], set()),
        (["MY_OWN", NO_ATTESTATIONS, "BUILDKIT_PROGRESS"], set()),
        ([NO_ARTIFACT, "MY_OWN"], {"buildx"}),
        ([NO_ARTIFACT, "DOCKER_CLI_HINTS"], {"buildx", "docker"}),
    ],
)
def test_whose_version_has_to_be_asked(names: list[str], programs: set[str]) -> None:
    assert programs_to_ask(names) == programs


def test_what_the_client_itself_reads() -> None:
    given = {NO_ATTESTATIONS: True, "PATH": "/x", "BUILDKIT_COLORS": True, "SOURCE_DATE_EPOCH": 0}
    assert of_client(given) == {NO_ATTESTATIONS: "1", "SOURCE_DATE_EPOCH": "0"}


@pytest.mark.parametrize(("value", "on"), [("1", True), ("true", True), ("T", True), ("0", False), ("yes", False)])
def test_a_flag_is_on(value: str, on: bool) -> None:
    assert is_set({NO_ATTESTATIONS: value}, NO_ATTESTATIONS) is on
    assert not is_set({NO_ATTESTATIONS: value}, NO_ARTIFACT)
