# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of daemon.json of a type that dockerd does not take."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.keys import KEYS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_types import TYPES, check_types
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def run(options: dict[object, object]) -> list[str]:
    findings = Findings()
    check_types(options, "d", findings)
    return [str(problem) for problem in findings.problems]


STOPS = "there: it would not start."


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            {"log-opts": {"max-file": 3}},
            f"d.log-opts.max-file = 3: is a whole number, but dockerd requires strings {STOPS} Write it in quotes: "
            "'3'.",
            id="a number as an option of a log driver",
        ),
        pytest.param(
            {"log-opts": {"compress": True}},
            f"d.log-opts.compress = True: is true or false, but dockerd requires strings {STOPS} Write it in quotes: "
            "'true'.",
            id="yes or no as an option of a log driver",
        ),
        pytest.param(
            {"mtu": "1450"},
            f"d.mtu = '1450': is a string, but dockerd requires a whole number {STOPS} Write it without quotes; in a "
            "template, add `| bool` or `| int`.",
            id="a number in quotes",
        ),
        pytest.param(
            {"debug": "true"}, "d.debug = 'true': is a string, but dockerd requires true or false", id="yes in quotes"
        ),
        pytest.param(
            {"debug": 1}, "d.debug = 1: is a whole number, but dockerd requires true or false", id="1 for yes"
        ),
        pytest.param(
            {"mtu": True}, "d.mtu = True: is true or false, but dockerd requires a whole number", id="yes for 1"
        ),
        pytest.param({"mtu": 1450.0}, "but dockerd requires a whole number", id="a number that is not whole"),
        pytest.param({"dns": "192.0.2.1"}, "Write it as a list: [192.0.2.1].", id="one for a list"),
        pytest.param(
            {"labels": ["a=b", 3]}, "d.labels[1] = 3: is a whole number, but dockerd requires strings", id="in a list"
        ),
        pytest.param({"labels": {"a": "b"}}, "d.labels: is ", id="a mapping for a list"),
        pytest.param({"log-opts": ["max-size=10m"]}, "d.log-opts: is ", id="a list for a mapping"),
        pytest.param(
            {"default-address-pools": {"base": "192.0.2.0/24"}},
            "d.default-address-pools: is ",
            id="one pool for a list",
        ),
        pytest.param(
            {"default-ulimits": {"nofile": 64000}}, "d.default-ulimits.nofile = 64000: is ", id="half an ulimit"
        ),
        pytest.param({"features": {"cdi": "yes"}}, "d.features.cdi = 'yes': is a string", id="a feature"),
        pytest.param({"default-shm-size": 67108864}, "Write it in quotes: '67108864'.", id="a size is a string"),
    ],
)
def test_another_type_is_a_problem(options: dict[object, object], told: str) -> None:
    (problem,) = run(options)
    assert told in problem
    assert problem.startswith(f"d.{next(iter(options))}")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"log-opts": {"max-file": "3", "tag": None}}, id="strings, and null that removes one"),
        pytest.param(dict.fromkeys(TYPES), id="null removes any"),
        pytest.param({"restart": "anything", "of-a-plugin": 3}, id="what is not known here"),
        pytest.param(
            {
                "default-address-pools": [{"base": "192.0.2.0/24", "size": 28}],
                "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 64000, "Soft": 64000}},
                "builder": {"gc": {"enabled": True}},
                "mtu": 1450,
                "icc": False,
                "labels": [],
            },
            id="as Docker's reference has them",
        ),
    ],
)
def test_what_dockerd_takes_is_fine(options: dict[object, object]) -> None:
    assert run(options) == []


def test_each_key_has_a_type() -> None:
    """But `restart`, of which dockerd reads nothing but a flag, and keys that are gone."""
    known: t.Final = {name for name, key in KEYS.items() if not key.until}
    assert known - {*TYPES, "restart"} == set()
