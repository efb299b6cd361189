# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sweep does with what was decided; a server stands in for dockerd, folders for homes."""

from __future__ import annotations

import fcntl
import json
import os
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    DONE,
    RECORD,
    Settings,
    Sweep,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.guard import clock, duties, sweep
from ansible_collections.multiarch.builders.plugins.module_utils.guard.sweep import Memory
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    Answer,
    Asked,
    DockerdStandIn,
    as_json,
)

OLD = 1_700_000_000
NAME = "buildx_buildkit_builder-10"
STATE = f"{NAME}_state"
IMAGE = "sha256:0123456789abcdef"
READER: dict[str, t.Any] = {
    "Id": "a-reader",
    "Names": ["/a-name"],
    "State": "created",
    "Labels": {"multiarch.builders": "reader"},
}
RULES = Sweep(after=3600, patterns=("builder-*",))
WHY = "in the store of ci, last used 2023-11-14T22:13:20Z"


class Engine(DockerdStandIn):
    """One builder's container and volume and a dangling image, each until it is deleted."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.refused: set[str] = set()
        self.at_delete: t.Callable[[], object] = list
        self.left = {f"/containers/{NAME}", f"/volumes/{STATE}", f"/images/{IMAGE}"}
        self.answers["GET /info"] = as_json({"DockerRootDir": "/srv", "Driver": "overlay2"})

    @property
    def deleted(self) -> list[str]:
        return [each.path.partition("/v1.45")[2] for each in self.asked if each.method == "DELETE"]

    def answer(self, asked: Asked) -> Answer:
        path = asked.path.partition("/v1.45")[2].partition("?")[0]
        if asked.method == "DELETE":
            self.at_delete()
            if path in self.refused:
                return as_json({"message": "volume is in use"}, 409)
            self.left.discard(path)
            self.answers[f"DELETE {path}"] = Answer(204)
        mounts = [{"Type": "volume", "Name": STATE, "Source": "/none"}]
        row = {"Id": NAME, "Names": [f"/{NAME}"], "State": "exited", "Created": OLD, "Mounts": mounts}
        there = f"/containers/{NAME}" in self.left
        rows: list[t.Mapping[str, object]] = [row] if there else []
        rows += [READER] if f"/containers/{READER['Id']}" in self.left else []
        self.answers["GET /containers/json"] = as_json(rows)
        self.answers[f"GET /containers/{NAME}/json"] = as_json({"Id": NAME}, 200 if there else 404)
        volumes = [{"Name": STATE, "CreatedAt": "2023-11-14T22:13:20Z", "Mountpoint": "/none"}]
        self.answers["GET /volumes"] = as_json({"Volumes": volumes if f"/volumes/{STATE}" in self.left else []})
        self.answers["GET /images/json"] = as_json([{"Id": IMAGE}] if f"/images/{IMAGE}" in self.left else [])
        return super().answer(asked)


@pytest.fixture
def engine(tmp_path: Path, homes: Path) -> t.Iterator[Engine]:
    """A host on which a job of ci left a builder a long time ago."""
    (tmp_path / "run/multiarch-builders-guard").mkdir(parents=True)
    (tmp_path / "srv").mkdir()
    entry = homes / "ci/.docker/buildx/instances/builder-1"
    entry.parent.mkdir(parents=True)
    nodes = [{"Name": "builder-10", "Endpoint": "unix:///var/run/docker.sock"}]
    entry.write_text(json.dumps({"Name": "builder-1", "Driver": "docker-container", "Nodes": nodes}))
    os.utime(entry, (OLD, OLD))
    running = Engine(tmp_path / "docker.sock")
    with running:
        yield running


@pytest.fixture
def entry(homes: Path) -> Path:
    return homes / "ci/.docker/buildx/instances/builder-1"


def swept(engine: Engine, homes: Path, rules: Sweep = RULES, meanwhile: t.Callable[[], object] = list) -> list[str]:
    """What one sweep says."""
    said: list[str] = []
    settings = Settings(sweep=rules, stores=(str(homes / "ci/.docker/buildx"),))
    sweep.sweep(settings, Docker(str(engine.path)), said.append, meanwhile)
    return said


def remembered(engine: Engine) -> None:
    """The image dangles since long ago."""
    assert engine.left
    sweep._remember(Memory(images={IMAGE: OLD}))


def test_all_that_a_job_left(engine: Engine, homes: Path, entry: Path) -> None:
    remembered(engine)
    said = swept(engine, homes)
    assert engine.deleted == [
        f"/containers/{NAME}?force=1",
        f"/volumes/{STATE}",
        f"/images/{IMAGE}",
    ]
    assert not entry.exists()
    assert [each.partition(";")[0] for each in said] == [
        f"removed builder builder-1: {WHY}",
        "removed image 0123456789ab: dangling, found 2023-11-14T22:13:20Z",
    ]
    done = DONE.read()
    assert done.removed == {"builder": 1, "image": 1}
    assert done.swept["builder builder-1"] == WHY
    assert done.last_sweep
    assert not sweep.is_due()
    assert swept(engine, homes) == []
    assert DONE.read().removed == {"builder": 1, "image": 1}


@pytest.mark.parametrize("dry_run", [False, True])
def test_readers_of_killed_runs(engine: Engine, homes: Path, dry_run: bool) -> None:
    engine.left = {f"/containers/{READER['Id']}"}
    why = "an interrupted run read an image by it; it never ran"
    said = swept(engine, homes, Sweep(images=False, dry_run=dry_run))
    if dry_run:
        assert said == [f"would remove container a-name: {why} (dry run)"]
        assert (engine.deleted, DONE.read().would) == ([], {"container a-name": why})
    else:
        assert said == [f"removed container a-name: {why}"]
        assert engine.deleted == ["/containers/a-reader?force=1&v=1"]


def test_a_reader_that_dockerd_does_not_remove_prevents_nothing_else(engine: Engine, homes: Path) -> None:
    engine.left.add(f"/containers/{READER['Id']}")
    engine.refused.add(f"/containers/{READER['Id']}")
    with pytest.raises(HostError, match=r"^container a-name cannot be removed: "):
        swept(engine, homes)
    assert f"/volumes/{STATE}" not in engine.left


def test_an_image_that_begins_to_dangle_is_remembered(engine: Engine, homes: Path) -> None:
    swept(engine, homes)
    assert f"/images/{IMAGE}" in engine.left
    assert sweep._memory().images.keys() == {IMAGE}


def test_a_dry_run_changes_nothing(engine: Engine, homes: Path, entry: Path) -> None:
    dry = Sweep(after=3600, patterns=("builder-*",), dry_run=True)
    assert swept(engine, homes, dry) == [f"would remove builder builder-1: {WHY} (dry run)"]
    assert swept(engine, homes, dry) == [], "once"
    assert engine.deleted == []
    assert entry.exists()
    done = DONE.read()
    assert done.would == {"builder builder-1": WHY}
    assert done.kept == {"image 0123456789ab": "it has been dangling for less than 1 h"}
    assert done.removed == {}
    swept(engine, homes)
    assert (DONE.read().would, DONE.read().kept) == ({}, {})


def test_a_volume_that_is_used_again_stays_and_so_does_the_entry(engine: Engine, homes: Path, entry: Path) -> None:
    engine.refused.add(f"/volumes/{STATE}")
    with pytest.raises(HostError, match="builder builder-1 cannot be removed: dockerd refused DELETE"):
        swept(engine, homes)
    assert entry.exists()
    assert (DONE.read().sweep_failures, DONE.read().removed) == (1, {})
    assert "volume is in use" in DONE.read().sweep_failure
    assert not sweep.is_due(), "the next try is that of the next sweep"


DAY = 86400.0
KEPT = "the host's clock was set forward less than 1 h ago"


@pytest.mark.parametrize(
    ("ahead", "later", "goes"),
    [
        pytest.param(0.0, 900.0, True, id="it runs"),
        pytest.param(1.0, 900.0, True, id="it runs fast"),
        pytest.param(-DAY, 900.0, True, id="set back: ages are less than they look"),
        pytest.param(DAY, 900.0, False, id="set forward"),
        pytest.param(DAY, 3599.0, False, id="set forward, almost an hour of real time ago"),
        pytest.param(DAY, 3601.0, True, id="set forward longer ago than what is removed was unused"),
    ],
)
def test_after_the_clock_was_set_forward_nothing_is_old_for_a_while(
    ahead: float, later: float, goes: bool, engine: Engine, homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a clock that is far ahead, or by one that is right at last."""
    boot = time.time() - 1_000_000
    monkeypatch.setattr(clock, "since_boot", lambda: boot)
    remembered(engine)
    nothing = Sweep(after=3600, images=False)
    swept(engine, homes, nothing)
    boot -= ahead  # which the clock shows, and no time that has passed
    swept(engine, homes, nothing)
    boot += later
    told = list(
        sweep.shown(Settings(sweep=RULES, stores=(str(homes / "ci/.docker/buildx"),)), Docker(str(engine.path)))
    )
    assert [each.partition(" ")[0] for each in told[1:]] == (["remove"] if goes else ["keep"]) * 2
    assert [each.rpartition(": ")[2] for each in told[1:]] == [KEPT] * 2 or goes
    swept(engine, homes)
    assert bool(engine.deleted) == goes


def test_what_the_guard_of_a_former_version_left_is_read(engine: Engine) -> None:
    assert engine.left
    at(sweep.KEPT).write_text(json.dumps({"due": 5, "images": {IMAGE: OLD}}))
    assert sweep._memory() == Memory(5.0, {IMAGE: OLD}, clock.Clock())


def use(homes: Path) -> None:
    """As a build does."""
    activity = homes / "ci/.docker/buildx/activity/builder-1"
    activity.parent.mkdir(exist_ok=True)
    activity.touch()


def test_what_is_used_before_its_turn_stays(engine: Engine, homes: Path, entry: Path) -> None:
    swept(engine, homes, meanwhile=lambda: use(homes))
    assert engine.deleted == []
    assert entry.exists()


def test_an_entry_that_is_used_while_its_container_is_removed_stays(engine: Engine, homes: Path, entry: Path) -> None:
    engine.at_delete = lambda: use(homes)
    swept(engine, homes)
    assert len(engine.deleted) == 2
    assert entry.exists(), "buildx makes another container for it"


def test_a_container_to_which_another_builder_connects_stays(engine: Engine, homes: Path, entry: Path) -> None:
    nodes = [{"Name": "mine0", "Endpoint": f"docker-container://{NAME}?context=default"}]
    entry.rename(entry.with_name("mine"))
    entry.with_name("mine").write_text(json.dumps({"Name": "mine", "Driver": "remote", "Nodes": nodes}))
    swept(engine, homes, Sweep(after=3600))
    assert engine.deleted == []


def test_a_store_that_buildx_changes_is_left_alone(engine: Engine, homes: Path, entry: Path) -> None:
    with (homes / "ci/.docker/buildx/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="buildx is changing the builders of ci"):
            swept(engine, homes)
    assert entry.exists()
    assert len(swept(engine, homes)) == 1, "its entry alone is left"
    assert not entry.exists()


def test_without_docker_it_is_tried_again(no_docker: Docker) -> None:
    sweep.sweep(Settings(sweep=RULES), no_docker, print, list)
    assert sweep.is_due()


def test_the_lines_for_people(engine: Engine, homes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(sweep=RULES, stores=(str(homes / "ci/.docker/buildx"),))
    disk, *lines = sweep.shown(settings, Docker(str(engine.path)))
    assert disk.startswith("/srv: ")
    assert lines == [
        f"remove builder builder-1: {WHY}",
        "keep   image 0123456789ab: it has been dangling for less than 1 h",
    ]
    first = next(sweep.shown(Settings(), Docker(str(engine.path))))
    assert first.startswith("builder_guard_options.sweep is not set")
    assert engine.deleted == []
    assert duties.main(["sweep", "now"]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_a_guard_without_it_does_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RECORD.put(Settings())
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(sweep, "is_due", lambda: pytest.fail("it looked"))
    duties._sweep()
