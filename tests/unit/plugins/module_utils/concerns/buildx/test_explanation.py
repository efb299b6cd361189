# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a builder does not run, at a stand-in for the docker client."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import explanation, nodes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.explanation import (
    Why,
    cause_of,
    of_builder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_inspect import Inspected, InspectedNode
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome

USER = "ci"
pytestmark = pytest.mark.usefixtures("homes")
HERE, FAR = InspectedNode("B0", "unix:///var/run/docker.sock", "inactive"), InspectedNode("far", "ssh://ci@a")
ENDED, RESTARTS = '{"Running":false}', '{"Running":true,"Restarting":true}'
RESTARTING = Outcome(
    ("docker", "buildx", "inspect"),
    1,
    "",
    "#1 booting\nERROR: Container f00 is restarting, wait until the container is running\n",
)
NO_IMAGE = Outcome(("docker", "buildx", "create"), 1, "", "#1 pulling\nERROR: a/b: not found\n")
CONTENT = Outcome(("docker", "buildx", "create"), 0, "", "#1 DONE\n")

Programs = Callable[[str, str], Path]


def docker(
    programs: Programs, state: str = RESTARTS, log: str = "buildkitd: flag provided but not defined: -x"
) -> Path:
    return programs("docker", f"case \"$*\" in *logs*) echo '{log}' >&2 ;; *inspect*) echo '{state}' ;; esac")


def builder(*found: InspectedNode) -> Inspected:
    return Inspected("b", "", found)


def test_an_error_of_buildx_itself_is_the_cause(programs: Programs) -> None:
    asked = docker(programs)
    why = of_builder(builder(HERE), USER, NO_IMAGE)
    assert why == Why("a/b: not found", "`docker buildx create` said:\n#1 pulling\nERROR: a/b: not found")
    assert not asked.exists(), "no container is asked"


@pytest.mark.parametrize("former", [RESTARTING, CONTENT], ids=["buildx sees a symptom", "buildx is content"])
def test_a_container_that_does_not_run_is_asked(former: Outcome, programs: Programs) -> None:
    asked = docker(programs)
    why = of_builder(builder(HERE), USER, former)
    assert why.cause == "flag provided but not defined: -x"
    assert why.said.startswith("`docker logs --tail=200 buildx_buildkit_b0` shows:\nbuildkitd: flag")
    assert asked.read_text().splitlines()[0] == "logs --tail=200 buildx_buildkit_b0"


def test_of_several_nodes_each_that_does_not_run_is_told(programs: Programs) -> None:
    asked = docker(programs)
    running = InspectedNode("b1", status="running")
    assert of_builder(builder(HERE, running, FAR), USER, CONTENT).cause == (
        "node B0: flag provided but not defined: -x; node far: flag provided but not defined: -x"
    )
    assert "--host ssh://ci@a logs --tail=200 buildx_buildkit_far" in asked.read_text()
    assert "b1" not in asked.read_text()


def test_where_the_container_has_nothing_to_say(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    programs("docker", "exit 1")
    monkeypatch.setattr(nodes, "silence", lambda _node, _user: "node far at ssh://ci@a: its host key is not known")
    assert of_builder(builder(HERE), USER, CONTENT).cause == "B0 is inactive"
    assert of_builder(builder(HERE), USER, RESTARTING).cause.startswith("Container f00 is restarting")
    assert of_builder(builder(), USER, CONTENT).cause == "it has no node"
    lost = InspectedNode("far", "ssh://ci@a", error="Cannot connect to the Docker daemon at http://docker.example.com.")
    assert of_builder(builder(lost), USER, CONTENT).cause == "node far at ssh://ci@a: its host key is not known"
    wrong = InspectedNode("B0", error="failed to parse config: (1, 2): no")
    assert of_builder(builder(wrong), USER, CONTENT).cause == "failed to parse config: (1, 2): no"


@pytest.mark.parametrize(
    ("state", "log", "cause"),
    [
        pytest.param(ENDED, "buildkitd: x\n", "x", id="its log"),
        pytest.param(RESTARTS, "buildkitd: x\n", "x", id="between two starts"),
        pytest.param('{"Running":true}', 'time="x" level=error msg=y\n', "", id="one that runs is not blamed"),
        pytest.param(json.dumps({"Error": "no such file"}), "", "no such file", id="dockerd could not start it"),
        pytest.param(
            json.dumps({"OOMKilled": True}),
            "buildkitd: x\n",
            "the kernel ended it, as it needed more memory than it may have",
            id="no memory",
        ),
        pytest.param("no JSON", "buildkitd: x\n", "", id="no state"),
        pytest.param("[]", "buildkitd: x\n", "", id="another state"),
    ],
)
def test_cause_of(state: str, log: str, cause: str) -> None:
    assert cause_of(state, log) == cause


def test_a_docker_that_does_not_answer_explains_nothing(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation, "_SECONDS", 0.2)
    programs("docker", "sleep 5")
    assert explanation.of_container("b0", "", USER) == Why()
