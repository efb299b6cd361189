# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder with a node here and one elsewhere, made anew, mended and put back, at stand-ins for both dockerds."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.decide import (
    DropNode,
    MakeBuilder,
    ReplaceCertificates,
    ReviveBuilder,
    StartBuilder,
    Stray,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.resource import Buildx
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    DATA,
    ENTRY,
    WANTED,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dial_stand_in import DockerdElsewhere
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    WITH_CLIENT,
    Answer,
    DockerdStandIn,
    as_json,
    unpacked,
)

Programs = Callable[[str, str], Path]

USERS = ("ci", "jane")
HERE, ARM = Node("here"), Node("Arm", "ssh://ci@198.51.100.24")
TWO = replace(WANTED, nodes=(HERE, ARM))
FORMER = json.dumps({**json.loads(ENTRY), "Former": True})  # what nothing here knows of tells it from the new one
# docker: buildx makes the recorded entry, `inspect` says that all runs; a dockerd elsewhere, and builds in containers.
DOCKER = """\
entry="$HOME/.docker/buildx/instances/multiarch"
mkdir -p "${{entry%/*}}"
case "$*" in
*"system dial-stdio") {dial};;
"buildx create"*) test -e {fails}.$USER && {{ echo "ERROR: of this test" >&2; exit 1; }}; cp {new} "$entry";;
"buildx inspect --bootstrap"*) cp "$entry" {folder}/started.$USER; cat {running};;
"buildx inspect"*) cat {running};;
*" buildctl debug histories "*) cat {folder}/histories 2>/dev/null || echo '{{"type":"COMPLETE"}}';;
esac
"""


@dataclass
class Host:
    """The host under test: what its two dockerds and its programs were asked."""

    here: DockerdStandIn
    elsewhere: DockerdElsewhere
    folder: Path
    homes: Path
    calls: Path

    def builder(self, mode: str = "wait") -> Buildx:
        return Buildx((TWO,), USERS, {}, Disruption(mode, 0), Docker(str(self.here.path)))

    def has_containers(self, *, running: bool = True) -> None:
        for dockerd, name in ((self.here, "here"), (self.elsewhere, "arm")):
            container = f"/containers/buildx_buildkit_{name}"
            dockerd.answers[f"GET {container}/json"] = as_json({"State": {"Running": running}, **WITH_CLIENT})
            dockerd.answers |= CLIENT
            dockerd.answers[f"DELETE {container}"] = Answer()
            dockerd.answers[f"PUT {container}/archive"] = Answer()

    def has_entries(self) -> None:
        for user in USERS:
            self.entry(user).write_text(FORMER)

    def entry(self, user: str) -> Path:
        path = self.homes / user / ".docker/buildx/instances/multiarch"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def entries(self) -> dict[str, str | None]:
        return {user: self.entry(user).read_text() if self.entry(user).exists() else None for user in USERS}

    def fails_for(self, user: str) -> None:
        (self.folder / f"fails.{user}").write_text("")

    def builds(self) -> None:
        (self.folder / "histories").write_text('{"type":"STARTED"}\n')

    def removed(self) -> list[str]:
        """The nodes whose containers were removed, in order for each dockerd."""
        asked = [*self.here.asked, *self.elsewhere.asked]
        return [
            each.path.rpartition("_")[2].partition("?")[0]
            for each in asked
            if each.method == "DELETE" and each.path.endswith("?force=1")
        ]

    def called(self, words: str) -> list[str]:
        calls = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [each for each in calls if words in each]


@pytest.fixture
def host(tmp_path: Path, homes: Path, dockerd: DockerdStandIn, programs: Programs) -> Iterator[Host]:
    (tmp_path / "new").write_text(json.dumps({**json.loads(ENTRY), "Nodes": nodes("here", "arm")}))
    with DockerdElsewhere(tmp_path) as elsewhere:
        script = DOCKER.format(
            dial=elsewhere.command,
            fails=tmp_path / "fails",
            new=tmp_path / "new",
            running=DATA / "inspect-0.29.1.txt",
            folder=tmp_path,
        )
        yield Host(dockerd, elsewhere, tmp_path, homes, programs("docker", script))


def nodes(*names: str) -> list[dict[str, t.Any]]:
    return [{**json.loads(ENTRY)["Nodes"][0], "Name": name} for name in names]


def do(host: Host, step: object, mode: str = "wait") -> None:
    host.builder(mode).apply([Action("of this test", step)])


@pytest.mark.parametrize(
    ("renewed", "removed"),
    [
        pytest.param((), [], id="an update: what runs stays"),
        pytest.param(("here",), ["here"], id="the node here"),
        pytest.param(("Arm",), ["arm"], id="the node elsewhere, by its own dockerd"),
        pytest.param(("here", "Arm"), ["here", "arm"], id="both"),
    ],
)
def test_only_the_containers_of_nodes_that_are_made_anew_go(
    renewed: tuple[str, ...], removed: list[str], host: Host
) -> None:
    host.has_containers()
    host.has_entries()
    do(host, MakeBuilder(TWO, USERS, renewed))
    assert host.removed() == removed
    new = (host.folder / "new").read_text()
    assert host.entries() == {"ci": new, "jane": new}
    assert [call.split()[4:6] for call in host.called("buildx create")] == [["--node", "here"], ["--node", "Arm"]] * 2


def test_a_container_that_is_gone_already_is_no_error(host: Host) -> None:
    host.has_entries()
    do(host, MakeBuilder(TWO, ("ci",), ("here", "Arm")))
    assert host.removed() == []
    assert host.entries()["jane"] == FORMER, "another user's entry stays"


@pytest.mark.parametrize(
    ("renewed", "asked"),
    [
        pytest.param(("here",), ["exec buildx_buildkit_here"], id="here"),
        pytest.param(("Arm",), [f"--host {ARM.endpoint} exec buildx_buildkit_arm"], id="elsewhere"),
    ],
)
def test_a_build_in_a_node_that_is_made_anew_is_waited_for(
    renewed: tuple[str, ...], asked: list[str], host: Host
) -> None:
    host.has_containers()
    host.has_entries()
    host.builds()
    with pytest.raises(HostError, match=r"^recreating builder multiarch would end a build in buildx_buildkit_"):
        do(host, MakeBuilder(TWO, USERS, renewed))
    assert {call.partition(" buildctl ")[0] for call in host.called("buildctl")} == set(asked)
    assert (host.removed(), host.entries()) == ([], {"ci": FORMER, "jane": FORMER}), "nothing was done"
    do(host, MakeBuilder(TWO, USERS, renewed), mode="now")
    assert host.removed() == [name.lower() for name in renewed]


def test_a_build_in_a_node_that_stays_is_not_waited_for(host: Host) -> None:
    host.has_containers()
    host.has_entries()
    host.builds()
    do(host, MakeBuilder(TWO, USERS, ()))
    assert host.called("buildctl") == []


@pytest.mark.parametrize(
    ("fails", "renewed", "removed", "started"),
    [
        pytest.param("ci", (), [], None, id="the first user, nothing to make anew"),
        pytest.param("jane", ("Arm",), ["arm", "arm"], "ci", id="the second user: the new container goes again"),
        pytest.param("ci", ("here", "Arm"), ["here", "here", "arm", "arm"], "ci", id="the first user, both nodes"),
    ],
)
def test_what_fails_is_put_back(
    fails: str, renewed: tuple[str, ...], removed: list[str], started: str | None, host: Host
) -> None:
    """The former entries of all users, and the former containers from one of them."""
    host.has_containers()
    host.has_entries()
    host.fails_for(fails)
    with pytest.raises(HostError, match=rf"^node here of builder multiarch of {fails} cannot be created: of this"):
        do(host, MakeBuilder(TWO, USERS, renewed))
    assert host.entries() == {"ci": FORMER, "jane": FORMER}
    assert host.removed() == removed
    if started is None:
        assert not (host.folder / "started.ci").exists()
    else:
        assert (host.folder / f"started.{started}").read_text() == FORMER
    assert "configurations" not in record.load("buildx")
    assert ours.builders()["multiarch"].users == {}, "the entries are not ours"


def test_a_user_who_had_no_entry_has_none_after_a_failure(host: Host) -> None:
    host.has_containers()
    host.entry("jane").write_text(FORMER)
    host.fails_for("jane")
    with pytest.raises(HostError, match="of this test"):
        do(host, MakeBuilder(TWO, USERS, ("here",)))
    assert host.entries() == {"ci": None, "jane": FORMER}
    assert (host.folder / "started.jane").read_text() == FORMER


@dataclass
class Later:
    """The answers of a dockerd in which a container is there once buildx was asked for it."""

    host: Host
    answers: dict[str, Answer]

    def get(self, key: str) -> Answer | None:
        gone = key.endswith("/json") and not self.host.called("buildx create")
        return None if gone else self.answers.get(key)


def test_a_container_that_never_started_does_not_stay_and_start_for_ever(host: Host) -> None:
    host.has_containers()
    host.here.answers = Later(host, host.here.answers)  # type: ignore[assignment]
    host.fails_for("ci")
    with pytest.raises(HostError, match=r"^node here of builder multiarch of ci cannot be created"):
        do(host, MakeBuilder(TWO, USERS, ()))
    assert host.removed() == ["here"], "the other one was there before"
    assert host.entries() == {"ci": None, "jane": None}


@pytest.mark.parametrize(
    ("there", "running", "started"),
    [
        pytest.param(("here", "arm"), True, False, id="all run: somebody else started them meanwhile"),
        pytest.param(("here", "arm"), False, True, id="one is stopped"),
        pytest.param(("here",), True, True, id="the one elsewhere is gone"),
        pytest.param((), True, True, id="all are gone"),
    ],
)
def test_a_start_looks_at_every_node(there: tuple[str, ...], running: bool, started: bool, host: Host) -> None:
    host.has_entries()
    for dockerd, name in ((host.here, "here"), (host.elsewhere, "arm")):
        if name in there:
            state = {"State": {"Running": running or name == "here"}}
            dockerd.answers[f"GET /containers/buildx_buildkit_{name}/json"] = as_json(state)
        dockerd.answers["GET /containers/json"] = as_json([{"Names": [f"/buildx_buildkit_{name}"]}])
    do(host, StartBuilder(TWO, "ci"))
    assert bool(host.called("buildx inspect --bootstrap multiarch")) is started


@pytest.mark.parametrize(
    ("state", "networks", "asked"),
    [
        pytest.param({"Paused": True}, ["bridge"], ["/containers/buildx_buildkit_arm/unpause"], id="paused"),
        pytest.param({}, [], ["/networks/bridge/connect"], id="in no network"),
        pytest.param(
            {"Paused": True}, [], ["/containers/buildx_buildkit_arm/unpause", "/networks/bridge/connect"], id="both"
        ),
        pytest.param({}, ["bridge"], [], id="neither: somebody else mended it meanwhile"),
    ],
)
def test_what_is_revived(state: dict[str, bool], networks: list[str], asked: list[str], host: Host) -> None:
    shown = {
        "State": {"Running": True, **state},
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {each: {} for each in networks}},
    }
    host.elsewhere.answers |= {
        "GET /containers/buildx_buildkit_arm/json": as_json(shown),
        "GET /containers/json": as_json([{"Names": ["/buildx_buildkit_arm"]}]),
        "POST /containers/buildx_buildkit_arm/unpause": Answer(204),
        "POST /networks/bridge/connect": Answer(200),
    }
    do(host, ReviveBuilder(TWO, ("Arm",)))
    posted = [each for each in host.elsewhere.asked if each.method == "POST"]
    assert [each.path.removeprefix("/v1.45") for each in posted] == asked
    bodies = [json.loads(each.body) for each in posted if each.path.endswith("connect")]
    assert bodies == [{"Container": "buildx_buildkit_arm"}] * len(bodies)
    assert host.here.asked == []


@pytest.mark.parametrize(
    ("state", "removed"),
    [
        pytest.param({"Running": True, "Restarting": True, "ExitCode": 1}, 1, id="in a loop"),
        pytest.param({"Running": False, "Dead": True}, 1, id="dead"),
        pytest.param({"Running": False}, 0, id="stopped"),
    ],
)
def test_a_container_that_cannot_start_is_made_anew(state: dict[str, t.Any], removed: int, host: Host) -> None:
    host.has_entries()
    for dockerd, name in ((host.here, "here"), (host.elsewhere, "arm")):
        dockerd.answers |= {
            f"GET /containers/buildx_buildkit_{name}/json": as_json({"State": state}),
            "GET /containers/json": as_json([{"Names": [f"/buildx_buildkit_{name}"]}]),
            f"DELETE /containers/buildx_buildkit_{name}": Answer(204),
        }
    do(host, StartBuilder(TWO, "ci"))
    for dockerd in (host.here, host.elsewhere):
        assert [each.method for each in dockerd.asked].count("DELETE") == removed
    assert host.called("buildx inspect --bootstrap multiarch")


def test_a_lost_container_is_made_anew(host: Host) -> None:
    host.has_entries()
    for dockerd, name, listed in ((host.here, "here", []), (host.elsewhere, "arm", [{"Names": ["/arm"]}])):
        dockerd.answers |= {
            f"GET /containers/buildx_buildkit_{name}/json": as_json({"State": {"Running": True}}),
            "GET /containers/json": as_json(listed),
            f"DELETE /containers/buildx_buildkit_{name}": Answer(204),
        }
    do(host, StartBuilder(TWO, "ci"))
    assert [each.method for each in host.here.asked].count("DELETE") == 1
    assert [each.method for each in host.elsewhere.asked].count("DELETE") == 0
    assert host.called("buildx inspect --bootstrap multiarch")


@pytest.mark.parametrize(
    ("inside", "written"),
    [
        pytest.param((), [], id="in the store alone"),
        pytest.param(("here",), ["here"], id="here"),
        pytest.param(("Arm",), ["arm"], id="elsewhere"),
        pytest.param(("here", "Arm"), ["here", "arm"], id="in both"),
    ],
)
def test_certificates_are_replaced_in_some_nodes(inside: tuple[str, ...], written: list[str], host: Host) -> None:
    host.has_containers()
    host.has_entries()
    do(host, ReplaceCertificates(TWO, ("ci",), inside))
    put = [each for each in (*host.here.asked, *host.elsewhere.asked) if each.method == "PUT"]
    assert [each.path.partition("buildkit_")[2].partition("/")[0] for each in put] == written
    for each in put:
        expected = {f"certs/{name}.new": pem.encode() for name, pem in TWO.certificates.items()}
        assert unpacked(each.body) == expected
    moves = [call.partition(" mv ")[0] for call in host.called(" mv -f ")]
    ways = {"here": "exec buildx_buildkit_here", "arm": f"--host {ARM.endpoint} exec buildx_buildkit_arm"}
    assert moves == [ways[name] for name in written for _each in TWO.certificates]
    assert host.entries()["jane"] == FORMER


GOES = Stray("Old", ARM.endpoint, "jane")


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        pytest.param("unix:///var/run/docker.sock", True, id="here"),
        pytest.param(ARM.endpoint, False, id="elsewhere, as the user who has it reaches it"),
    ],
)
def test_a_node_that_goes_leaves_its_cache(endpoint: str, here: bool, host: Host) -> None:
    dockerd = host.here if here else host.elsewhere
    dockerd.answers["GET /containers/buildx_buildkit_old/json"] = as_json({"State": {"Running": True}, **WITH_CLIENT})
    dockerd.answers |= CLIENT
    dockerd.answers["DELETE /containers/buildx_buildkit_old"] = Answer()
    step = DropNode(TWO, replace(GOES, endpoint=endpoint))
    host.builds()
    with pytest.raises(
        HostError, match=r"^taking node Old off builder multiarch would end a build in buildx_buildkit_o"
    ):
        do(host, step)
    assert host.removed() == []
    (host.folder / "histories").unlink()
    do(host, step)
    assert host.removed() == ["old"]
    assert not any("volume" in each.path for each in (*host.here.asked, *host.elsewhere.asked))


def test_what_buildx_made_of_the_toml_is_remembered(host: Host) -> None:
    do(host, MakeBuilder(TWO, ("ci",), ()))
    assert set(record.load("buildx")["configurations"]["multiarch"]) == {"rendered", "stored"}
