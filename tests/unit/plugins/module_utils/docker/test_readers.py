# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers by which images are read: made so that they cannot run, and none is left, not even of a killed run."""

from __future__ import annotations

import json
import typing as t
import urllib.parse

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.readers import Reader, left, reader, remove
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    DockerdStandIn,
    as_json,
)

DIGEST = f"sha256:{'a' * 64}"
OURS = {"multiarch.builders": "reader"}


def row(name: str, state: str = "created", labels: t.Mapping[str, str] | None = OURS) -> dict[str, t.Any]:
    return {"Id": name, "Names": [f"/{name}"], "State": state, "Labels": labels}


@pytest.fixture
def made(dockerd: DockerdStandIn) -> DockerdStandIn:
    """A dockerd on which one can be made."""
    dockerd.answers["GET /containers/json"] = as_json([])
    dockerd.answers["POST /containers/create"] = as_json({"Id": "abc", "Warnings": []}, 201)
    dockerd.answers["DELETE /containers/abc"] = Answer(204)
    return dockerd


def changes(dockerd: DockerdStandIn) -> list[str]:
    asked = ((each.method, each.path.partition("/v1.45")[2].partition("?")[0]) for each in dockerd.asked)
    return [f"{method} {path}" for method, path in asked if method != "GET"]


def test_it_cannot_run_and_goes_with_its_volumes(made: DockerdStandIn, docker: Docker) -> None:
    with reader(f"docker.io/a/b:v1@{DIGEST}", docker) as container:
        assert container == "abc"
        asked = made.asked[-1]
        assert asked.headers["Content-Type"] == "application/json"
        assert json.loads(asked.body) == {
            "Image": f"docker.io/a/b@{DIGEST}",
            "Cmd": ["/never-started"],
            "Labels": OURS,
        }
    assert urllib.parse.parse_qs(made.asked[-1].path.partition("?")[2]) == {"force": ["1"], "v": ["1"]}
    assert changes(made) == ["POST /containers/create", "DELETE /containers/abc"]


def test_it_goes_if_reading_fails(made: DockerdStandIn, docker: Docker) -> None:
    with pytest.raises(HostError, match="of this test"), reader("a/b:v1", docker):
        raise HostError("of this test")
    assert changes(made)[-1] == "DELETE /containers/abc"


def test_another_platform_than_the_hosts(made: DockerdStandIn, docker: Docker) -> None:
    with reader("a/b:v1", docker, "linux/arm/v7"):
        assert made.asked[-1].path.endswith("/containers/create?platform=linux%2Farm%2Fv7")


def test_one_that_somebody_removed_meanwhile_is_gone(made: DockerdStandIn, docker: Docker) -> None:
    del made.answers["DELETE /containers/abc"]
    with reader("a/b:v1", docker):
        pass


def test_those_of_killed_runs_go_before_the_next_and_all_else_stays(made: DockerdStandIn, docker: Docker) -> None:
    others = [row("ran", "exited"), row("runs", "running"), row("theirs", labels={}), row("bare", labels=None)]
    made.answers["GET /containers/json"] = as_json([row("first"), *others, row("second")])
    assert left(docker) == (Reader("first", "first"), Reader("second", "second"))
    made.answers["DELETE /containers/first"] = as_json({"message": "of this test"}, 500)
    made.answers["DELETE /containers/second"] = Answer(204)
    with reader("a/b:v1", docker):
        pass
    assert changes(made) == [
        "DELETE /containers/first",
        "DELETE /containers/second",
        "POST /containers/create",
        "DELETE /containers/abc",
    ]


def test_what_dockerd_refuses_to_remove_is_an_error(dockerd: DockerdStandIn, docker: Docker) -> None:
    dockerd.answers["DELETE /containers/abc"] = as_json({"message": "of this test"}, 500)
    with pytest.raises(HostError, match="of this test"):
        remove("abc", docker)
