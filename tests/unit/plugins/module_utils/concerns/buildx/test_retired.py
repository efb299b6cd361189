# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builders that go from a host with two users and a dockerd elsewhere, at stand-ins for both dockerds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import (
    client_settings,
    environment_file,
    inherit,
    ours,
    store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    RECORD,
    Own,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.retired import Asked, RetiredBuildx
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import remove
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here, standing_on
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Inherited
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Departure,
    Effect,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import owned_after
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils import records as record
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import ENTRY
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dial_stand_in import DockerdElsewhere
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    WITH_CLIENT,
    Answer,
    DockerdStandIn,
    as_json,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.host_users import TheseUsers

Programs = Callable[[str, str], Path]
HERE, ARM = OwnNode("multiarch0", "", "ci", volume=True), OwnNode("arm", "ssh://ci@198.51.100.24", "ci", volume=True)
OWN = OwnBuilder("multiarch", "docker-container", {"ci": None, "jane": None}, (HERE, ARM))
DOCKER = """\
case "$*" in
*"system dial-stdio") {dial};;
*" buildctl debug histories "*) cat {folder}/histories 2>/dev/null || echo '{{"type":"COMPLETE"}}';;
"buildx rm"*) test ! -e {folder}/refuses || {{ echo "of this test" >&2; exit 1; }};;
esac
"""


@dataclass
class Host:
    """The host under test, with a builder of ours for ci and jane, which has a node here and one elsewhere."""

    here: DockerdStandIn
    elsewhere: DockerdElsewhere
    folder: Path
    homes: Path
    calls: Path

    def retired(self, asked: Asked | None = None, mode: str = "wait") -> RetiredBuildx:
        return RetiredBuildx(asked, False, Disruption(mode, 0), Docker(str(self.here.path)))

    def planned(self, asked: Asked | None = None, mode: str = "wait") -> Plan:
        retired = self.retired(asked, mode)
        return retired.plan(retired.observe(), NO_EFFECTS)

    def retires(self, asked: Asked | None = None) -> list[str]:
        """What was done; a second look has to find nothing."""
        retired = self.retired(asked)
        plan = retired.plan(retired.observe(), NO_EFFECTS)
        retired.apply(plan.actions)
        assert self.planned(asked).actions == ()
        return [action.summary for action in plan.actions]

    def store(self, user: str) -> Path:
        return self.homes / user / ".docker/buildx"

    def entries(self) -> list[str]:
        return sorted(each.parts[-5] for each in self.homes.glob("*/.docker/buildx/instances/multiarch"))

    def removed(self) -> list[str]:
        asked = [*self.here.asked, *self.elsewhere.asked]
        return [each.path.partition("/containers/")[2] for each in asked if each.method == "DELETE"]


@pytest.fixture
def host(
    tmp_path: Path,
    homes: Path,
    dockerd: DockerdStandIn,
    programs: Programs,
) -> Iterator[Host]:
    ours.remember(OWN)
    with DockerdElsewhere(tmp_path) as elsewhere:
        found = Host(
            dockerd,
            elsewhere,
            tmp_path,
            homes,
            programs("docker", DOCKER.format(dial=elsewhere.command, folder=tmp_path)),
        )
        for user in OWN.users:
            for name in ("instances", "activity"):
                (found.store(user) / name).mkdir(parents=True)
                (found.store(user) / name / "multiarch").write_text(ENTRY)
            (found.store(user) / "refs/multiarch/multiarch0").mkdir(parents=True)
        for each, node in ((dockerd, "multiarch0"), (elsewhere, "arm")):
            runs = as_json({"State": {"Running": True}, **WITH_CLIENT})
            each.answers |= {f"GET /containers/buildx_buildkit_{node}/json": runs, **CLIENT}
            each.answers[f"DELETE /containers/buildx_buildkit_{node}"] = Answer()
        yield found


def forget_containers(host: Host) -> None:
    """A stand-in does not forget by itself what it was told to delete."""
    for each in (host.here, host.elsewhere):
        each.answers = {path: answer for path, answer in each.answers.items() if "/containers/" not in path}


def test_all_of_it_goes(host: Host) -> None:
    retired = host.retired()
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    assert plan.effects == {Departure("container", "buildx_buildkit_multiarch0")}, "what goes from this host"
    retired.apply(plan.actions)
    assert host.removed() == ["buildx_buildkit_multiarch0?force=1", "buildx_buildkit_arm?force=1"]
    assert [str(each) for each in host.homes.rglob("multiarch*")] == []
    assert record.load("buildx") == {}
    assert host.planned().actions == ()


@pytest.mark.parametrize(
    ("asked", "told", "left"),
    [
        pytest.param(
            Asked(frozenset({"multiarch"}), frozenset({"ci"})),
            ["remove builder multiarch from the stores of jane: its containers keep running"],
            ["ci"],
            id="a user left",
        ),
        pytest.param(Asked(frozenset({"multiarch"}), frozenset({"ci", "jane"})), [], ["ci", "jane"], id="nobody left"),
        pytest.param(
            Asked(frozenset(), frozenset({"ci", "jane"})),
            [
                "remove builder multiarch of ci, jane: container buildx_buildkit_multiarch0, buildx_buildkit_arm "
                "is removed"
            ],
            [],
            id="the builder left",
        ),
    ],
)
def test_leftovers(asked: Asked, told: list[str], left: list[str], host: Host) -> None:
    assert host.retires(asked) == told
    assert host.entries() == left
    assert bool(host.removed()) is (left == [])


@pytest.mark.parametrize("asked", [None, Asked(frozenset({"multiarch"}), frozenset({"ci"}))], ids=["all", "leftovers"])
def test_what_builders_of_users_inherited_goes(asked: Asked | None, host: Host) -> None:
    """root stands for ci and jane, who have the same ids here."""
    wanted = Inherited(("ci",), "", {"a/ca.crt": "CA\n"})
    for action in inherit.actions_for(inherit.observe(wanted), wanted):
        assert isinstance(action.step, inherit.SetDefaults)
        inherit.set_defaults(action.step)
    path = inherit.path_of("ci")
    assert Path(path).exists()
    forget_containers(host)
    told = f"remove {path} and 1 certificate, for builders that root makes: no longer asked for"
    assert told in host.retires(asked)
    assert not Path(path).exists()
    assert not (host.store("ci") / "multiarch-builders").exists()


def test_a_container_that_another_builder_uses_stays(host: Host) -> None:
    mine = json.loads(ENTRY)
    (host.store("jane") / "instances/mine").write_text(json.dumps({**mine, "Name": "mine"}))
    host.retires()
    assert host.removed() == ["buildx_buildkit_arm?force=1"]


def test_an_entry_that_somebody_made_anew_stays_with_its_container(host: Host) -> None:
    (host.store("jane") / "instances/multiarch").write_text(json.dumps({**json.loads(ENTRY), "Driver": "remote"}))
    assert "builder multiarch of jane was changed by someone else" in host.planned().notes[0].text
    host.retires()
    assert host.entries() == ["jane"]
    assert host.removed() == ["buildx_buildkit_arm?force=1"]


def test_the_builder_of_that_name_from_before_us_comes_back(host: Host) -> None:
    copy = host.folder / "copy"
    copy.write_text(json.dumps({**json.loads(ENTRY), "Former": True}))
    ours.remember(OwnBuilder("multiarch", "docker-container", {"ci": str(copy), "jane": None}, (HERE,)))
    retired = host.retired()
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    assert plan.actions[0].summary.endswith("; the one that ci had before us comes back")
    retired.apply(plan.actions)
    assert host.entries() == ["ci"]
    assert json.loads((host.store("ci") / "instances/multiarch").read_text())["Former"] is True
    assert ours.builders() == {}


def test_it_comes_back_also_after_a_run_that_was_killed_meanwhile(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = host.folder / "copy"
    copy.write_text(json.dumps({**json.loads(ENTRY), "Former": True}))
    ours.remember(OwnBuilder("multiarch", "docker-container", {"ci": str(copy)}, (HERE,)))

    def killed(step: RemoveFile) -> None:
        remove(step)
        raise KeyboardInterrupt

    retired = host.retired()
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    monkeypatch.setattr(store, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        retired.apply(plan.actions)
    monkeypatch.undo()
    forget_containers(host)
    retired = host.retired()
    retired.apply(retired.plan(retired.observe(), NO_EFFECTS).actions)
    assert json.loads((host.store("ci") / "instances/multiarch").read_text())["Former"] is True


def test_without_its_copy_nothing_comes_back_and_nothing_is_lost(host: Host) -> None:
    path = host.store("ci") / "instances/multiarch"
    ours.remember(OwnBuilder("multiarch", "docker-container", {"ci": str(host.folder / "copy")}, (HERE,)))
    retired = host.retired()
    with pytest.raises(HostError, match=r"instances/multiarch cannot be restored, as its copy .* is missing"):
        retired.apply(retired.plan(retired.observe(), NO_EFFECTS).actions)
    assert path.exists()
    path.unlink()
    forget_containers(host)
    host.retires()
    assert ours.builders() == {}


def test_a_running_build_is_waited_for_or_keeps_everything(host: Host) -> None:
    current, ours_now = host.store("ci") / "current", '{"Key":"x","Name":"multiarch","Global":true}'
    current.write_text('{"Key":"x","Name":"theirs","Global":true}')
    ours.note_choice("ci")
    current.write_text(ours_now)
    (host.folder / "histories").write_text('{"type":"STARTED"}\n')
    held = host.planned(mode="never")
    assert (held.actions, held.holds, held.notes[0].kind) == ((), True, Kind.WAITS)
    assert held.notes[0].text.startswith(
        "pending, as builder_disruption is never and a build runs in buildx_buildkit_multiarch0, buildx_buildkit_arm"
    )
    retired = host.retired()
    plan = retired.plan(retired.observe(), NO_EFFECTS)
    with pytest.raises(HostError, match=r"^removing builder multiarch would end a build in buildx_buildkit_multiarch0"):
        retired.apply(plan.actions)
    assert (host.removed(), host.entries(), ours.builders()) == ([], ["ci", "jane"], {"multiarch": OWN})
    assert current.read_text() == ours_now


def test_a_docker_that_does_not_run_is_not_half_of_a_removal(host: Host, programs: Programs) -> None:
    host.here.ready = False
    programs("dockerd", "echo Docker version 28.5.2, build 1")
    with pytest.raises(HostError, match="docker does not run, so builder multiarch cannot be removed"):
        host.planned()
    programs("dockerd", "exit 127")
    told = "Docker is gone from this host, and with it what ran of builder multiarch"
    assert Note(Kind.LEFT_ALONE, told) in host.planned().notes


@pytest.mark.parametrize("left", ["jane", "root"])
def test_of_a_user_who_was_removed_another_one_reaches_the_node(left: str, host: Host) -> None:
    entries = {name: here().users.named(name) for name in (left,)}
    with standing_on(replace(here(), users=TheseUsers({"root": here().users.named("root"), **entries}))):
        host.retires()
    assert "buildx_buildkit_arm?force=1" in host.removed()
    assert ours.builders() == {}


def test_an_image_that_a_stopped_dockerd_has_is_not_forgotten(host: Host, programs: Programs) -> None:
    ours.forget("multiarch")
    image = PulledImage("moby/buildkit:v1", "", "ci")
    RECORD.update(lambda found: replace(found, images=(image,)))
    host.here.ready = False
    programs("dockerd", "echo Docker version 28.5.2, build 1")
    with pytest.raises(HostError, match="docker does not run, so image moby/buildkit:v1 cannot be removed"):
        host.planned()
    programs("dockerd", "exit 127")
    assert host.planned().actions == ()


def test_what_cannot_be_reached_now_is_left_to_a_later_run(host: Host) -> None:
    host.elsewhere.ready = False
    plan = host.planned()
    assert Effect.REMAINS in plan.effects
    assert "buildx_buildkit_arm at ssh://ci@198.51.100.24, of builder multiarch, stays for now: " in plan.notes[0].text
    host.retires()
    assert host.entries() == []
    assert ours.builders()["multiarch"] == OwnBuilder("multiarch", "docker-container", {}, (ARM,))
    host.elsewhere.ready = True
    host.retires()
    assert host.removed()[-1] == "buildx_buildkit_arm?force=1"
    assert ours.builders() == {}


@pytest.mark.parametrize(
    ("former", "name"),
    [
        pytest.param('{"Key":"x","Name":"theirs","Global":true}', "theirs", id="another builder"),
        pytest.param('{"Key":"x","Name":"","Global":false}', "default", id="none"),
        pytest.param(None, "default", id="no choice"),
        pytest.param("{", "default", id="a broken one"),
    ],
)
def test_the_choice_of_a_user_comes_back(former: str | None, name: str, host: Host) -> None:
    current = host.store("ci") / "current"
    if former is not None:
        current.write_text(former)
    ours.note_choice("ci")
    current.write_text('{"Key":"x","Name":"multiarch","Global":true}')
    assert f"select {name} as the builder of ci again, in place of multiarch" in host.retires()
    assert (current.read_text() if current.exists() else None) == former


@pytest.mark.parametrize("former", ["theirs", "multiarch"], ids=["another builder", "one of the same name"])
@pytest.mark.parametrize("done", [0, 1, 2])
@pytest.mark.parametrize("asked", [None, Asked(frozenset(), frozenset({"ci", "jane"}))], ids=["all", "leftovers"])
def test_the_choice_of_a_user_comes_back_whenever_a_run_ends(
    asked: Asked | None, done: int, former: str, host: Host
) -> None:
    """As one that is killed, or whose next step fails."""
    current = host.store("ci") / "current"
    current.write_text(f'{{"Key":"x","Name":"{former}","Global":true}}')
    ours.note_choice("ci")
    current.write_text('{"Key":"x","Name":"multiarch","Global":false}')
    retired = host.retired(asked)
    retired.apply(retired.plan(retired.observe(), NO_EFFECTS).actions[:done])
    host.retires(asked)
    assert json.loads(current.read_text()) == {"Key": "x", "Name": former, "Global": True}
    assert record.load("buildx") == {}


def test_a_choice_that_the_user_made_since_stays(host: Host) -> None:
    ours.note_choice("ci")
    (host.store("ci") / "current").write_text('{"Key":"x","Name":"mine","Global":true}')
    host.retires()
    assert json.loads((host.store("ci") / "current").read_text())["Name"] == "mine"


@pytest.mark.parametrize("refuses", [False, True])
def test_what_runs_in_a_cluster_is_removed_by_buildx(refuses: bool, host: Host) -> None:
    ours.remember(OwnBuilder("multiarch", "kubernetes", {"ci": None}))
    entry = host.store("ci") / "instances/multiarch"
    entry.write_text(json.dumps({**json.loads(ENTRY), "Driver": "kubernetes"}))
    if refuses:
        (host.folder / "refuses").touch()
        with pytest.raises(HostError, match="builder multiarch of ci cannot be removed from its cluster: of this test"):
            host.retires()
        assert entry.exists()
        assert "multiarch" in ours.builders()
    else:
        host.retires()
        assert not entry.exists()
    assert "buildx rm --keep-state multiarch" in host.calls.read_text()


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        pytest.param(None, {}, id="all"),
        pytest.param(Asked(frozenset({"multiarch"}), frozenset({"ci"})), {"ci"}, id="a user left"),
    ],
)
def test_the_keys_of_config_json_go(asked: Asked | None, left: set[str], host: Host) -> None:
    for user in OWN.users:
        (host.homes / user / ".docker/config.json").write_text('{"psFormat": "x", "detachKeys": "q"}')
        client_settings.own(user, owned_after({}, {}, {"detachKeys": "q"}), {})
    host.retires(asked)
    for user in OWN.users:
        found = json.loads((host.homes / user / ".docker/config.json").read_text())
        assert ("detachKeys" in found, found["psFormat"]) == (user in left, "x")
    assert set(client_settings.remembered()[0]) == set(left)


def test_what_killed_runs_left_of_files_in_which_nothing_is_ours_goes(host: Host) -> None:
    """Nothing of ours was written, but it was recorded."""
    config, variables = host.homes / "ci/.docker/config.json", host.folder / "variables"
    for path in (config, variables):
        path.write_text("{}")
    client_settings.own("ci", owned_after({}, {}, {"detachKeys": "q"}), {})
    environment_file._remember(str(variables), Own({"A": "1"}))
    left = [record.left_of(path) for path in (config, variables)]
    host.retires()
    assert [each.exists() for each in left] == [False, False]
    assert (config.read_text(), variables.read_text()) == ("{}", "{}")
