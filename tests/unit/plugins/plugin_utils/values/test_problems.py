# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages: complete, readable, and without secrets."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import (
    Findings,
    Problem,
    SpecError,
    show,
    suggest,
    type_name,
)


def test_a_problem_is_one_line_with_variable_value_reason_and_remedy() -> None:
    problem = Problem("builder_registries[1].host", "'a b'", "has a space", "Write host[:port]")
    assert str(problem) == "builder_registries[1].host = 'a b': has a space. Write host[:port]."


def test_the_error_lists_every_problem() -> None:
    findings = Findings()
    findings.problem("a", "x", "is wrong.", "Make it right.")
    findings.problem("b", None, "is secret", "Hide it")
    with pytest.raises(SpecError) as caught:
        findings.raise_if_any()
    assert str(caught.value).splitlines() == [
        "2 problems in the input; nothing was changed:",
        "- a = 'x': is wrong. Make it right.",
        "- b: is secret. Hide it.",
    ]
    assert [problem.variable for problem in caught.value.problems] == ["a", "b"]


def test_no_problem_raises_nothing_and_a_warning_is_none() -> None:
    findings = Findings()
    findings.warn("a", "expires soon")
    findings.raise_if_any()
    assert findings.warnings == ["a: expires soon"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("harbor:443", "'harbor:443'", id="plain"),
        pytest.param("https://me:s3cret@harbor/x", "'***@harbor/x'", id="a password in a URL"),
        pytest.param("me:s3cr@t/x@harbor", "'***@harbor'", id="a password with @ and /"),
        pytest.param("a@sha256:00", "'a@sha256:00'", id="a digest is no secret"),
        pytest.param("me:pw@a/b@sha256:00", "'***@a/b@sha256:00'", id="both"),
        pytest.param("me:pw@sha256:x@a/b", "'***@a/b'", id="a password that looks like a digest"),
        pytest.param("a\nb", r"'a\nb'", id="stays one line"),
        pytest.param("x" * 200, repr("x" * 79 + "…"), id="shortened"),
        pytest.param(70000, "70000", id="a number"),
    ],
)
def test_how_a_value_is_shown(value: object, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("variable", "shown"),
    [
        pytest.param("a[0].b", "a[0].b", id="plain"),
        pytest.param('a.registry."me:pw@harbor"', 'a.registry."***@harbor"', id="a password in a key"),
        pytest.param("a.b\nc\ud800.ä", r"a.b\nc\ud800.ä", id="stays one line that can be written"),
        pytest.param("a" * 300, "a" * 199 + "…", id="shortened"),
    ],
)
def test_how_a_variable_is_shown(variable: str, shown: str) -> None:
    findings = Findings()
    findings.problem(variable, None, "is odd", "Mend it")
    findings.warn(variable, "is odd")
    assert findings.problems[0].variable == shown
    assert findings.warnings == [f"{shown}: is odd"]


def test_containers_are_never_shown() -> None:
    findings = Findings()
    findings.problem("a", {"password": "s3cret"}, "is a mapping", "Write a list")
    findings.problem("b", ["s3cret"], "is a list", "Write a mapping")
    assert all("s3cret" not in str(problem) for problem in findings.problems)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("maxusedspace", "Did you mean maxUsedSpace?"),
        ("maxUsedSpcae", "Did you mean maxUsedSpace?"),
        ("zzz", "Known: gc, maxUsedSpace"),
    ],
)
def test_the_nearest_name_is_suggested(name: str, remedy: str) -> None:
    assert suggest(name, ["gc", "maxUsedSpace"]) == remedy


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", "a string"),
        (True, "a boolean"),
        (1, "an integer"),
        (1.5, "a number"),
        ([], "a list"),
        ({}, "a mapping"),
    ],
)
def test_types_have_plain_names(value: object, name: str) -> None:
    assert type_name(value) == name
