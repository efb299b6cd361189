# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A move of real folders, at stand-ins for dockerd, systemctl and containerd: what happens in which order, and back."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import moving
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import Site
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import Mover, shown
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("processes", "var_tmp")
SITES = (
    Site("docker", "/data/docker", "/data/docker", "/var/lib/docker"),
    Site("containerd", "/data/containerd", "/data/containerd", "/var/lib/containerd"),
)
BUILDER = {"Id": "1", "Names": ["/buildx_buildkit_a0"]}
SERVICE = {"Id": "2", "Names": ["/service"]}
PASSING = {"Id": "3", "Names": ["/passing"]}
DUMP = 'cat "$2"'


def inspected(*, auto_remove: bool = False, volume: str = "", running: bool = True) -> dict[str, t.Any]:
    mounts = [{"Type": "volume", "Name": volume}] if volume else [{"Type": "bind", "Source": "/"}]
    return {"HostConfig": {"AutoRemove": auto_remove}, "Mounts": mounts, "State": {"Running": running}}


@pytest.fixture(autouse=True)
def answering(dockerd: DockerdStandIn) -> None:
    dockerd.answers.update(
        {
            "GET /containers/json": as_json([BUILDER, SERVICE, PASSING]),
            "GET /containers/1/json": as_json(inspected(volume="cache")),
            "GET /containers/buildx_buildkit_a0/json": as_json(inspected(volume="cache")),
            "GET /containers/2/json": as_json(inspected()),
            "GET /containers/3/json": as_json(inspected(auto_remove=True, volume="passing")),
            "GET /volumes": as_json({"Volumes": [{"Name": "cache"}, {"Name": "passing"}]}),
            "GET /images/json": as_json([{"Id": "sha256:1"}]),
            "GET /info": as_json({"LiveRestoreEnabled": False}),
        }
    )


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for name in ("var/lib/docker/volumes/cache/file", "var/lib/containerd/meta.db", "etc/containerd/config.toml"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("# of the host\n")
    return tmp_path


@pytest.fixture
def calls(programs: Callable[[str, str], Path]) -> Path:
    programs("containerd", DUMP)
    return programs("systemctl", "")


def mover(docker: Docker) -> Mover:
    return Mover(BringUp(docker, Disruption("now", 1)), SITES)


def move(made: Mover) -> None:
    with made.undoing():
        made.move()


def test_a_move(host: Path, calls: Path, docker: Docker) -> None:
    made, config = mover(docker), host / "etc/containerd/config.toml"
    made.prepare()
    assert not calls.exists(), "nothing stops for the first copy"
    assert (host / "data/docker/volumes/cache/file").read_text() == "# of the host\n"
    (host / "var/lib/docker/volumes/cache/file").write_text("written since\n")
    move(made)
    assert calls.read_text().splitlines() == [
        "stop docker.socket docker.service containerd.service",
        "start containerd.service",
    ]
    assert (host / "data/docker/volumes/cache/file").read_text() == "written since\n"
    assert (host / "data/containerd/meta.db").exists()
    assert config.read_text() == 'root = "/data/containerd"\n# of the host\n'
    found = data_moves.RECORD.read().docker
    assert found is not None
    assert (found.source, found.target, found.builders) == ("/var/lib/docker", "/data/docker", ("buildx_buildkit_a0",))
    assert (host / "var/lib/docker/volumes").exists()
    data_moves.settle()
    made.finish()
    assert list((host / "var/lib").iterdir()) == [host / "var/lib/multiarch-builders"]
    assert data_moves.RECORD.read().of("docker") is data_moves.RECORD.read().of("containerd") is None


def test_only_what_moves_stops(host: Path, calls: Path, docker: Docker) -> None:
    made = Mover(BringUp(docker, Disruption("now", 1)), SITES[:1])
    made.prepare()
    move(made)
    assert calls.read_text() == "stop docker.socket docker.service\n"
    assert (host / "etc/containerd/config.toml").read_text() == "# of the host\n"


def test_the_former_place_stays_until_the_builders_run(
    host: Path, calls: Path, dockerd: DockerdStandIn, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_BUILDERS_SECONDS", 0)
    made = mover(docker)
    made.prepare()
    move(made)
    dockerd.answers["GET /containers/buildx_buildkit_a0/json"] = as_json(inspected(running=False))
    made.finish()
    assert calls.exists()
    assert (host / "var/lib/docker/volumes").exists()
    found = data_moves.RECORD.read()
    assert found.docker is not None
    assert found.containerd is not None
    assert (found.docker.ran, found.containerd.ran) == (True, True), "what is there now is newer"


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("runs", [True, False])
def test_of_two_moves_neither_former_place_is_forgotten(
    runs: bool, host: Path, dockerd: DockerdStandIn, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The builder does not run after the first one, and another folder is asked for."""
    monkeypatch.setattr(moving, "_BUILDERS_SECONDS", 0)
    first = mover(docker)
    first.prepare()
    move(first)
    data_moves.settle()
    dockerd.answers["GET /containers/buildx_buildkit_a0/json"] = as_json(inspected(running=False, volume="cache"))
    first.finish()
    dockerd.answers["GET /containers/json"] = as_json([SERVICE])
    new = [Site(each.name, f"/new/{each.name}", f"/new/{each.name}", each.wanted) for each in SITES]
    second = Mover(BringUp(docker, Disruption("now", 1)), new)
    second.prepare()
    move(second)
    data_moves.settle()
    if runs:
        dockerd.answers["GET /containers/buildx_buildkit_a0/json"] = as_json(inspected())
    second.finish()
    assert (host / "new/docker/volumes/cache/file").exists()
    former = [host / path / name for path in ("var/lib", "data") for name in ("docker", "containerd")]
    assert [each.exists() for each in former] == [not runs] * 4
    found = data_moves.RECORD.read()
    if runs:
        assert (found.docker, found.containerd) == (None, None)
    else:
        assert found.docker is not None
        assert (found.docker.left, found.docker.builders) == (("/var/lib/docker",), ("buildx_buildkit_a0",))


@pytest.mark.usefixtures("calls")
def test_a_copy_for_a_folder_that_is_not_asked_for_any_more_is_not_forgotten(host: Path, docker: Docker) -> None:
    mover(docker).prepare()
    new = [Site("docker", "/new", "/new", "/var/lib/docker")]
    second = Mover(BringUp(docker, Disruption("now", 1)), new)
    second.prepare()
    assert data_moves.RECORD.read().copies == {"/data/docker": "docker"}
    move(second)
    data_moves.settle()
    second.finish()
    assert (host / "data/docker").exists(), "somebody may have a use for that folder now"
    assert data_moves.RECORD.read().copies == {"/data/docker": "docker"}
    data_moves.begin("docker", "/new", "/data/docker")
    assert data_moves.RECORD.read().copies == {}


@pytest.mark.parametrize("fails", ["stop docker.socket*", "start containerd*"])
def test_what_fails_after_the_stop_is_undone(
    fails: str, host: Path, programs: Callable[[str, str], Path], docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs("containerd", DUMP)
    made = mover(docker)
    made.prepare()
    calls = programs(
        "systemctl", f'case "$*" in {fails}) [ -e "$0.failed" ] || {{ touch "$0.failed"; exit 1; }} ;; esac'
    )
    monkeypatch.setattr(Docker, "answers", lambda _self: False)
    with pytest.raises(HostError, match=r"docker cannot be stopped|containerd does not start from /data/containerd"):
        move(made)
    assert (host / "etc/containerd/config.toml").read_text() == "# of the host\n"
    assert "start containerd.service" in calls.read_text()
    assert "start docker.service" in calls.read_text()
    found = data_moves.RECORD.read()
    assert found.containerd is not None
    assert found.containerd.start.clock == 0, "all of it is copied again"
    assert found.original is None


def test_a_docker_that_shows_less_goes_back(host: Path, calls: Path, dockerd: DockerdStandIn, docker: Docker) -> None:
    made = mover(docker)
    made.prepare()
    words = r"did not show 1 containers \(2\), 1 images \(sha256:1\) in the new place"
    with pytest.raises(HostError, match=words), made.undoing():
        made.move()
        dockerd.answers["GET /containers/json"] = as_json([BUILDER])
        dockerd.answers["GET /images/json"] = as_json([])
    assert (host / "etc/containerd/config.toml").read_text() == "# of the host\n"
    assert calls.read_text().splitlines()[-1] == "restart docker.service"


def test_with_another_image_store_volumes_alone_have_to_be_there(
    host: Path, calls: Path, dockerd: DockerdStandIn, docker: Docker
) -> None:
    made = Mover(BringUp(docker, Disruption("now", 1)), SITES, hides=True)
    made.prepare()
    with made.undoing():
        made.move()
        dockerd.answers["GET /containers/json"] = as_json([])
    assert (host / "data/docker").exists()
    assert calls.exists()


def test_what_stops_with_its_container_is_not_missed(docker: Docker) -> None:
    assert shown(docker) == {
        "containers": frozenset({"1", "2"}),
        "images": frozenset({"sha256:1"}),
        "volumes": frozenset({"cache"}),
    }


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'root = \"/imported\"'", "containerd would still use /imported: a file that it imports"),
        ("echo wrong >&2; exit 1", "containerd rejects"),
    ],
)
def test_a_file_of_containerd_that_would_not_do_is_refused_first(
    script: str, words: str, host: Path, programs: Callable[[str, str], Path], docker: Docker
) -> None:
    programs("containerd", script)
    with pytest.raises(HostError, match=words):
        mover(docker).prepare()
    assert not (host / "data").exists()


def test_back_where_it_was_before_the_first_move_the_file_is_as_then(host: Path, calls: Path, docker: Docker) -> None:
    config = host / "etc/containerd/config.toml"
    config.unlink()
    made = mover(docker)
    made.prepare()
    move(made)
    assert config.read_text() == 'version = 2\nroot = "/data/containerd"\n'
    data_moves.settle()
    made.finish()
    back = [Site(each.name, str(each.now), str(each.now), each.wanted) for each in SITES]
    made = Mover(BringUp(docker, Disruption("now", 1)), back)
    made.prepare()
    move(made)
    assert not config.exists()
    assert (host / "var/lib/containerd/meta.db").exists()
    assert calls.exists()


@pytest.mark.usefixtures("calls")
def test_back_there_without_the_copy_of_the_first_file_its_settings_stay(host: Path, home: Path) -> None:
    moving.name_root(SITES[1])
    for each in (home / "backups").iterdir():
        each.unlink()
    moving.name_root(Site("containerd", "/var/lib/containerd", "/var/lib/containerd", "/data/containerd"))
    assert (host / "etc/containerd/config.toml").read_text() == 'root = "/var/lib/containerd"\n# of the host\n'


@pytest.mark.usefixtures("calls")
def test_a_root_that_somebody_removed_from_the_file_is_written_again(host: Path) -> None:
    moving.name_root(SITES[1])
    assert (host / "etc/containerd/config.toml").read_text() == 'root = "/data/containerd"\n# of the host\n'
    assert not data_moves.is_open(), "containerd runs there already: there is no way back"


def test_mounts_that_stay_are_told(host: Path, calls: Path, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    mountinfo = "9 1 0:9 / /merged rw - overlay overlay rw,lowerdir=/a:/var/lib/containerd/b/fs,upperdir=/c\n"
    monkeypatch.setattr(look, "text", lambda path: mountinfo if path.endswith("mountinfo") else None)
    monkeypatch.setattr(moving, "_UNMOUNT_SECONDS", 0)
    made = mover(docker)
    made.prepare()
    with pytest.raises(HostError, match="and /merged is still mounted"):
        move(made)
    assert calls.read_text() == "stop docker.socket docker.service containerd.service\n"
    assert (host / "var/lib/containerd/meta.db").exists()
