# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of trust: a host that proved nothing says so."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.filter.trust_table import FilterModule, trust_table

Result = dict[str, t.Any]


def rows(registry: str, *outcomes: str) -> list[Result]:
    return [{"registry": registry, "outcome": each} for each in outcomes]


def shown(registry: str, days: int = 90, names: tuple[str, ...] = ("a.b",), issuer: str = "CN=CA") -> Result:
    chain = [{"subject": "CN=a.b", "issuer": issuer}]
    return {"registry": registry, "names": list(names), "not_after": "2027-01-01", "days_left": days, "chain": chain}


def host(asked: list[Result], *certificates: Result, **more: t.Any) -> Result:
    return {"builder_verify_registries": {"registries": asked, "certificates": list(certificates), **more}}


GOOD = host(rows("a.b", "trusted", "trusted"), shown("a.b"))
LINE = "a.b: CN=a.b for a.b, until 2027-01-01, signed by CN=CA"


@pytest.mark.parametrize(
    ("hostvars", "lines"),
    [
        pytest.param({"h": GOOD}, ["host  a.b", "h     trusted, 90 days", LINE], id="trusted"),
        pytest.param(
            {"h": host([*rows("a.b", "trusted"), *rows("docker.io", "trusted")], shown("a.b"))},
            ["host  a.b               docker.io", "h     trusted, 90 days  answers", LINE],
            id="by a mirror, or without TLS",
        ),
        pytest.param(
            {
                "g": GOOD,
                "h": host(rows("a.b", "trusted", "no answer", "expired", "expired"), shown("a.b"), failed=True),
            },
            ["host  a.b", "g     trusted, 90 days", "h     no answer, expired", LINE],
            id="not trusted",
        ),
        pytest.param(
            {
                "g": host(rows("a.b", "trusted", "logged in", "logged in"), shown("a.b")),
                "h": host(rows("a.b", "trusted", "logged in", "login refused"), shown("a.b"), failed=True),
                "i": host(rows("a.b", "trusted", "logged in")),
            },
            [
                "host  a.b",
                "g     trusted, 90 days, logged in",
                "h     login refused",
                "i     answers, logged in",
                LINE,
            ],
            id="logins",
        ),
        pytest.param(
            {"g": GOOD, "h": {}, "i": {"builder_verify_registries": {"skipped": True}}, "j": host([])},
            ["host  a.b", "g     trusted, 90 days", "h     NOT PROVEN", "i     NOT PROVEN", "j     -", LINE],
            id="not reached, not asked, out of reach",
        ),
        pytest.param(
            {"g": GOOD, "h": host(rows("a.b", "trusted"), shown("a.b", names=(), issuer="CN=a.b"))},
            [
                "host  a.b",
                "g     trusted, 90 days",
                "h     trusted, 90 days",
                f"{LINE} (seen by g)",
                "a.b: CN=a.b for no name, until 2027-01-01, signed by itself (seen by h)",
            ],
            id="two certificates",
        ),
        pytest.param(
            {"g": GOOD | {"builder_concerns": ["trust"]}, "h": {"builder_concerns": ["buildx"]}},
            ["host  a.b", "g     trusted, 90 days", LINE],
            id="a host without trust to prove",
        ),
        pytest.param({"h": {}, "i": host([])}, [], id="nobody asked"),
    ],
)
def test_table(hostvars: dict[str, Result], lines: list[str]) -> None:
    assert trust_table(hostvars, list(hostvars)) == lines


def test_the_former_trust_of_a_host_that_left_the_play_is_none() -> None:
    assert trust_table({"g": GOOD, "h": GOOD}, ["g", "h"], ["g"])[1:3] == [
        "g     trusted, 90 days",
        "h     NOT PROVEN",
    ]


@pytest.mark.parametrize(
    ("hostvars", "hosts"),
    [
        pytest.param([], ["a"], id="hostvars is a list"),
        pytest.param({"a": GOOD}, "a", id="one name in place of a list"),
    ],
)
def test_wrong_types_are_told(hostvars: t.Any, hosts: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="needs hostvars and a list of hosts"):
        trust_table(hostvars, hosts)


def test_what_ansible_loads() -> None:
    assert FilterModule().filters() == {"trust_table": trust_table}
