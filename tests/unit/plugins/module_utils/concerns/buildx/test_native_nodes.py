# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node builds which platform, where the inventory does not say it, and what is said where it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.native_nodes import (
    assigned,
    has_choice,
    notes,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Node
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import WANTED

HERE, ARM, IBM = Node("here"), Node("arm", "ssh://arm"), Node("ibm", "ssh://ibm")
MACHINES = {"here": "x86_64", "arm": "aarch64", "ibm": "s390x"}
AMD64, I386, V3, ARM64, V7, S390X, RISCV = (
    f"linux/{each}" for each in ("amd64", "386", "amd64/v3", "arm64", "arm/v7", "s390x", "riscv64")
)


def naming(node: Node, *platforms: str) -> Node:
    return replace(node, platforms=platforms)


@pytest.mark.parametrize(
    ("nodes", "platforms", "found"),
    [
        pytest.param([HERE, ARM, IBM], [AMD64, ARM64, S390X], [[AMD64], [ARM64], [S390X]], id="each at home"),
        pytest.param([IBM, ARM, HERE], [AMD64, ARM64, S390X], [[S390X], [ARM64], [AMD64]], id="in another order"),
        pytest.param([HERE, ARM], [AMD64, I386, V3, ARM64], [[AMD64, I386, V3], [ARM64]], id="the processor's kin"),
        pytest.param([HERE, ARM], [AMD64, ARM64, RISCV], [[AMD64, RISCV], [ARM64]], id="emulated here"),
        pytest.param([ARM, HERE], [AMD64, ARM64, RISCV], [[ARM64], [AMD64, RISCV]], id="emulated here, not first"),
        pytest.param([ARM, IBM], [ARM64, RISCV], [[ARM64], []], id="emulated elsewhere, who knows where"),
        pytest.param([HERE, naming(ARM, V7)], [AMD64, ARM64], [[AMD64, ARM64], [V7]], id="a list stays as it is"),
        pytest.param(
            [naming(HERE, AMD64), ARM], [AMD64, ARM64, S390X], [[AMD64], [ARM64]], id="what is named is taken"
        ),
        pytest.param([naming(HERE, ARM64), ARM], [AMD64, ARM64], [[ARM64], []], id="even if it is emulated there"),
        pytest.param(
            [HERE, replace(HERE, name="too", endpoint="ssh://b")], [AMD64], [[AMD64], []], id="the first of two"
        ),
        pytest.param([HERE, ARM], [], [[], []], id="nothing is asked for"),
    ],
)
def test_the_platforms_of_nodes(nodes: list[Node], platforms: list[str], found: list[list[str]]) -> None:
    given = assigned(replace(WANTED, nodes=tuple(nodes)), platforms, MACHINES)
    assert [list(each.platforms) for each in given.nodes] == found
    assert assigned(given, platforms, MACHINES) == given


def test_of_machines_that_nobody_knows_only_this_host_is_given_any() -> None:
    given = assigned(replace(WANTED, nodes=(ARM, HERE)), [AMD64, ARM64], {})
    assert [each.platforms for each in given.nodes] == [(), (AMD64, ARM64)]


FIRST = "so builds that include it go to the first node that can run each platform, natively or not: name it at"


@pytest.mark.parametrize(
    ("nodes", "platforms", "said"),
    [
        pytest.param([naming(HERE, AMD64), naming(ARM, ARM64)], [AMD64, ARM64], [], id="each at home"),
        pytest.param([naming(HERE, AMD64, S390X), naming(ARM, ARM64)], [S390X], [], id="emulated, as it must be"),
        pytest.param(
            [naming(HERE, AMD64, ARM64), ARM],
            [AMD64, ARM64],
            [
                "builder multiarch: node here (x86_64) emulates linux/arm64, which its `platforms` name; "
                "node arm (aarch64) runs it natively: name it there"
            ],
            id="a list says otherwise",
        ),
        pytest.param(
            [naming(HERE, AMD64), naming(ARM, V7)],
            [AMD64, ARM64],
            [
                f"builder multiarch: no node names linux/arm64 in its `platforms`, {FIRST} "
                "node arm, which runs it natively"
            ],
            id="no list has it",
        ),
        pytest.param(
            [naming(IBM, S390X), naming(ARM, ARM64)],
            [ARM64, RISCV],
            [f"builder multiarch: no node names linux/riscv64 in its `platforms`, {FIRST} the node that emulates it"],
            id="it is native nowhere",
        ),
        pytest.param([HERE], [ARM64], [], id="one node"),
    ],
)
def test_what_is_said(nodes: list[Node], platforms: list[str], said: list[str]) -> None:
    assert notes(replace(WANTED, nodes=tuple(nodes)), platforms, MACHINES) == said


@pytest.mark.parametrize(
    ("driver", "count", "choice"),
    [("docker-container", 2, True), ("docker-container", 1, False), ("remote", 2, False), ("kubernetes", 2, False)],
)
def test_where_there_is_a_choice(driver: str, count: int, choice: bool) -> None:
    assert has_choice(replace(WANTED, driver=driver, nodes=(HERE, ARM)[:count])) is choice
