# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of proofs: a host that proved nothing says so, in each cell."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.multiarch.builders.plugins.filter.proof_table import FilterModule, proof_table

Result = dict[str, t.Any]


def proof(platform: str, how: str = "native", *, pushed: bool = True, user: str = "root") -> Result:
    who = {"user": user, "builder": "multiarch"}
    return {**who, "platform": platform, "how": how, "machine": "any", "pushed": pushed}


def host(*proofs: Result, **more: t.Any) -> Result:
    return {"builder_verify_proof": {"changed": False, "proofs": list(proofs), **more}}


BOTH = host(proof("linux/amd64"), proof("linux/arm64", "emulated"))


@pytest.mark.parametrize(
    ("hostvars", "lines"),
    [
        pytest.param(
            {"builder-1": BOTH},
            ["host       linux/amd64    linux/arm64", "builder-1  native pushed  emulated pushed"],
            id="one host",
        ),
        pytest.param(
            {"arm-1": host(proof("linux/amd64", "emulated"), proof("linux/arm64")), "b": BOTH},
            [
                "host   linux/amd64      linux/arm64",
                "arm-1  emulated pushed  native pushed",
                "b      native pushed    emulated pushed",
            ],
            id="columns are as wide as their widest cell",
        ),
        pytest.param(
            {"b": host(proof("linux/amd64", pushed=False))},
            ["host  linux/amd64", "b     native built"],
            id="not pushed",
        ),
        pytest.param(
            {"b": host(proof("linux/amd64"), proof("linux/amd64", user="ci", pushed=False))},
            ["host  linux/amd64", "b     native built"],
            id="pushed by one user only",
        ),
        pytest.param(
            {"a": BOTH, "b": {}},
            [
                "host  linux/amd64    linux/arm64",
                "a     native pushed  emulated pushed",
                "b     NOT PROVEN     NOT PROVEN",
            ],
            id="a host without a proof: it was not reached",
        ),
        pytest.param(
            {"a": BOTH, "b": {"builder_verify_proof": None}},
            [
                "host  linux/amd64    linux/arm64",
                "a     native pushed  emulated pushed",
                "b     NOT PROVEN     NOT PROVEN",
            ],
            id="null",
        ),
        pytest.param(
            {"a": BOTH, "b": host(proof("linux/amd64"), failed=True, msg="x")},
            [
                "host  linux/amd64    linux/arm64",
                "a     native pushed  emulated pushed",
                "b     NOT PROVEN     NOT PROVEN",
            ],
            id="a host that failed half way proves nothing",
        ),
        pytest.param(
            {"b": host(proof("linux/amd64"), failures=[{"platforms": ["linux/arm64"]}], failed=True)},
            ["host  linux/amd64    linux/arm64", "b     native pushed  NOT PROVEN"],
            id="one of two failed",
        ),
        pytest.param(
            {"b": host(proof("linux/amd64"), failures=[], pulls=[{"message": "denied"}], failed=True)},
            ["host  linux/amd64", "b     native pushed"],
            id="docker's own pull failed, of which no platform knows",
        ),
        pytest.param(
            {"a": BOTH, "b": host(proof("linux/arm64", "native"))},
            [
                "host  linux/amd64    linux/arm64",
                "a     native pushed  emulated pushed",
                "b     NOT PROVEN     native pushed",
            ],
            id="a platform that only some were asked for",
        ),
        pytest.param(
            {"a": BOTH | {"builder_concerns": ["buildx"]}, "b": {"builder_concerns": ["trust"]}},
            ["host  linux/amd64    linux/arm64", "a     native pushed  emulated pushed"],
            id="a host that has no builders to prove",
        ),
        pytest.param({"a": {}, "b": {}}, ["host", "a     NOT PROVEN", "b     NOT PROVEN"], id="no proof at all"),
        pytest.param({"a": host()}, ["host", "a     NOT PROVEN"], id="check mode"),
        pytest.param(
            {"a": {"builder_concerns": ["trust"]}, "b": {**BOTH, "builder_concerns": ["trust", "buildx"]}},
            ["host  linux/amd64    linux/arm64", "b     native pushed  emulated pushed"],
            id="a host without builders",
        ),
        pytest.param({"a": {"builder_concerns": []}}, ["host"], id="no host with builders"),
        pytest.param({}, ["host"], id="no hosts"),
    ],
)
def test_table(hostvars: dict[str, Result], lines: list[str]) -> None:
    assert proof_table(hostvars, list(hostvars)) == lines


def test_hosts_are_in_the_order_that_was_asked_and_no_others() -> None:
    hostvars = {name: BOTH for name in ("a", "b", "c")}
    assert [line.split()[0] for line in proof_table(hostvars, ["c", "a"])] == ["host", "c", "a"]


def test_the_former_proof_of_a_host_that_left_the_play_is_none() -> None:
    lines = proof_table({"a": BOTH, "b": BOTH}, ["a", "b"], ["a"])
    assert [line.split()[1:] for line in lines[1:]] == [
        ["native", "pushed", "emulated", "pushed"],
        ["NOT", "PROVEN", "NOT", "PROVEN"],
    ]


@pytest.mark.parametrize(
    ("hostvars", "hosts"),
    [
        pytest.param([], ["a"], id="hostvars is a list"),
        pytest.param({"a": BOTH}, None, id="no hosts"),
        pytest.param({"a": BOTH}, {"a"}, id="hosts without an order"),
        pytest.param({"a": BOTH}, "a", id="one name in place of a list"),
    ],
)
def test_wrong_types_are_told(hostvars: t.Any, hosts: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="needs hostvars and a list of hosts"):
        proof_table(hostvars, hosts)


def test_what_ansible_loads() -> None:
    assert FilterModule().filters() == {"proof_table": proof_table}
