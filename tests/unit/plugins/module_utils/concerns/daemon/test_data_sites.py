# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of the places: nothing of disks and units while nothing is to be moved."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import data_roots, data_sites
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import Site
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import DaemonState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import Running
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import ADDRESS, Containerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves
from ansible_collections.multiarch.builders.plugins.module_utils.state.data_moves import Move
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    DockerdStandIn,
    as_json,
)

pytestmark = pytest.mark.usefixtures("host")
INFO: dict[str, t.Any] = {"DockerRootDir": "/var/lib/docker", "Driver": "overlayfs"}
FOUND = Containerd(ADDRESS, "/var/lib/containerd", ())
BOTH = {"containerd": "/data/containerd", "docker": "/data/docker"}
MOUNTINFO = "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /data rw,nosuid - xfs /dev/b rw\n"
BY_FSTAB = """
case "$*" in
*data.mount) printf 'RequiredBy=local-fs.target\\nWantedBy=\\n' ;;
*MainPID*) echo 42 ;;
esac"""


def running(**info: t.Any) -> Running:
    return Running({**INFO, **info}, {}, (), FOUND.root)


def state(now: Running | None = None, found: Containerd | None = FOUND) -> DaemonState:
    now = now or running()
    return DaemonState(None, dict(now.document), Keys({}), now.info, frozenset(), flags=now.flags, containerd=found)


@pytest.fixture
def host(tmp_path: Path, programs: Callable[[str, str], Path], dockerd: DockerdStandIn) -> Path:
    """One with data in both places, a disk, and containerd as process 42."""
    for name, text in {
        "proc/self/mountinfo": MOUNTINFO,
        "proc/42/cmdline": "/usr/bin/containerd\0",
        "var/lib/docker/volumes/1/_data/file": "content",
        "var/lib/containerd/meta.db": "content",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "data").mkdir()
    programs("systemctl", BY_FSTAB)
    dockerd.answers["GET /containers/json"] = as_json([])
    return tmp_path


def test_without_the_variable_nothing_is_looked_at(docker: Docker) -> None:
    assert data_sites.observe({}, state(), docker) == ()


def test_what_is_elsewhere_is_seen_with_the_disk(docker: Docker) -> None:
    site, containerd = data_sites.observe(BOTH, state(), docker)
    assert (site.name, site.now, site.wanted) == ("docker", "/var/lib/docker", "/data/docker")
    assert (containerd.name, containerd.now) == ("containerd", "/var/lib/containerd")
    assert site.sight.used[1] == 4
    assert (site.sight.starts, site.sight.firm, site.sight.empty) == (("local-fs.target",), True, True)
    assert site.sight.free[0] is not None
    assert (site.sight.faults, containerd.sight.faults) == ((), ())
    data_roots.move((site, containerd))


def test_the_same_folder_by_another_name_is_no_move(host: Path, docker: Docker) -> None:
    (host / "data/docker").symlink_to("../var/lib/docker")
    (site,) = data_sites.observe({"docker": "/data/docker"}, state(), docker)
    assert not site.moves
    assert site.sight == Site("", "", "", None).sight


def test_what_an_earlier_run_copied_counts(host: Path, docker: Docker) -> None:
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker"))
    (host / "data/docker").mkdir()
    (host / "data/docker/file").touch()
    (site,) = data_sites.observe({"docker": "/data/docker"}, state(), docker)
    assert (site.copied, site.sight.there[1], site.sight.empty) == (True, 1, False)
    (site,) = data_sites.observe({"docker": "/data"}, state(), docker)
    assert (site.copied, site.sight.empty) == (False, False)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("docker", "set data-root = /data/docker in /etc/docker/daemon.json and restart docker"),
        ("containerd", "set root = /data/containerd in /etc/containerd/config.toml and restart containerd"),
    ],
)
def test_a_copy_does_not_replace_what_was_used_since_the_move(
    name: t.Literal["docker", "containerd"], told: str, host: Path, docker: Docker
) -> None:
    data_moves.note(name, Move(f"/var/lib/{name}", f"/data/{name}", builders=("b",), ran=True))
    (host / f"data/{name}").mkdir()
    (site,) = data_sites.observe({name: f"/data/{name}"}, state(), docker)
    assert site.sight.faults == (), "nothing is in it"
    (host / f"data/{name}/newer").touch()
    (site,) = data_sites.observe({name: f"/data/{name}"}, state(), docker)
    with pytest.raises(HostError, match=told):
        data_roots.move((site,))


def test_a_former_place_goes_when_the_builders_run(dockerd: DockerdStandIn, docker: Docker) -> None:
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker", builders=("a", "b", "gone")))
    dockerd.answers["GET /containers/a/json"] = as_json({"State": {"Running": True}})
    dockerd.answers["GET /containers/b/json"] = as_json({"State": {"Running": False}})
    (found,) = data_sites.observe(
        {"docker": "/data/docker"}, state(running(DockerRootDir="/data/docker"), FOUND), docker
    )
    assert (found.moves, found.former, found.builders, found.unseen) == (False, "/var/lib/docker", ("b",), True)


def test_places_of_earlier_moves_are_known(docker: Docker) -> None:
    data_moves.note("docker", Move("/a", "/var/lib/docker", left=("/z",), ran=True))
    (found,) = data_sites.observe({"docker": "/data/docker"}, state(), docker)
    assert (found.moves, found.left, found.sight.faults) == (True, ("/z", "/a"), ())
    (found,) = data_sites.observe({"docker": "/var/lib/docker"}, state(), docker)
    assert (found.moves, found.left, found.former) == (False, ("/z",), "/a")
    (told,) = data_sites.unfinished({})
    assert told.endswith("remove the folder that docker does not use, and /z of the moves before")


def test_a_copy_that_was_not_completed_is_told_while_it_is_there(host: Path) -> None:
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker"))
    data_moves.begin("docker", "/var/lib/docker", "/other")
    asked = {"docker": "/other"}
    assert data_sites.unfinished(asked) == ()
    (host / "data/docker").mkdir()
    (host / "data/docker/file").touch()
    (told,) = data_sites.unfinished(asked)
    assert told == "/data/docker has a copy of docker's data, from before another folder was asked for: remove it"


def test_what_was_used_since_a_move_is_not_left_behind_by_another(host: Path, docker: Docker) -> None:
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker", ran=True))
    (host / "data/docker").mkdir()
    (host / "data/docker/newer").touch()
    (site,) = data_sites.observe({"docker": "/data/other"}, state(), docker)
    assert ["without what is newer in /data/docker" in each for each in site.sight.faults] == [True]


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        pytest.param("RequiredBy=local-fs.target", (("local-fs.target",), True), id="fstab"),
        pytest.param("WantedBy=local-fs.target", (("local-fs.target",), False), id="nofail"),
        pytest.param("WantedBy=\nRequiredBy=", ((), False), id="by hand"),
        pytest.param("WantedBy=x.target\nfor /data", (("x.target",), True), id="docker waits for it"),
        pytest.param("for /data", ((), False), id="docker waits for what nothing mounts"),
        pytest.param("WantedBy=x.target\nfor / /dat", (("x.target",), False), id="docker waits for others"),
    ],
)
def test_what_mounts_the_disk_at_boot(
    answers: str, seen: tuple[t.Any, ...], programs: Callable[[str, str], Path], docker: Docker
) -> None:
    unit = "\n".join(line for line in answers.splitlines() if not line.startswith("for "))
    waits = "".join(line[4:] for line in answers.splitlines() if line.startswith("for "))
    programs("systemctl", f"case \"$*\" in *data.mount) echo '{unit}' ;; *docker.service) echo '{waits}' ;; esac")
    (site,) = data_sites.observe({"docker": "/data/docker"}, state(), docker)
    assert (site.sight.starts, site.sight.firm) == seen


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (running(Driver="btrfs"), "layers of the storage driver btrfs are not plain files"),
        (running(SecurityOptions=["name=rootless"]), "this dockerd is rootless"),
        (running(SecurityOptions=["name=userns"]), "with userns-remap the data-root is one folder for each"),
        (Running(INFO, {}, ("--data-root", "/x")), "docker.service sets --data-root /x"),
        (Running(INFO, {"storage-opts": ["overlay2.size=1G"]}), "overlay2.size, a quota"),
    ],
)
def test_what_dockers_data_cannot(now: Running, words: str, docker: Docker) -> None:
    (site,) = data_sites.observe({"docker": "/data/docker"}, state(now, FOUND), docker)
    assert [words in each for each in site.sight.faults] == [True]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "the containerd of docker was not found"),
        (Containerd("/run/k3s/containerd/containerd.sock", "/var/lib/rancher"), "not containerd.service but somebody"),
        (Containerd(ADDRESS, "/var/lib/containerd", ("--config", "/x")), "not containerd.service but somebody"),
    ],
)
def test_whose_containerd_it_is(found: Containerd | None, words: str, docker: Docker) -> None:
    (site,) = data_sites.observe({"containerd": "/data/containerd"}, state(running(), found), docker)
    assert [words in each for each in site.sight.faults] == [True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--root", "/x"), "sets --root"), (("-c", "/etc/other.toml"), "reads /etc/other.toml, and not")],
)
def test_flags_of_containerd(arguments: tuple[str, ...], words: str, host: Path, docker: Docker) -> None:
    (host / "proc/42/cmdline").write_text("\0".join(("containerd", *arguments, "")))
    found = Containerd(ADDRESS, "/var/lib/containerd", arguments)
    (site,) = data_sites.observe({"containerd": "/data/containerd"}, state(running(), found), docker)
    assert [words in each for each in site.sight.faults] == [True]


@pytest.mark.parametrize(("space", "refused"), [("moby", False), ("ours", False), ("k8s.io", True)])
def test_containers_of_others(space: str, refused: bool, host: Path, docker: Docker) -> None:
    (host / f"run/containerd/io.containerd.runtime.v2.task/{space}/1").mkdir(parents=True)
    now = running(Containerd={"Namespaces": {"Containers": "ours"}})
    (site,) = data_sites.observe({"containerd": "/data/containerd"}, state(now, FOUND), docker)
    assert ["(namespaces k8s.io)" in each for each in site.sight.faults] == [True] * refused


@pytest.mark.parametrize(
    ("document", "config", "named"),
    [
        ({}, "", [False, False]),
        ({"data-root": "/data/docker/"}, "root = '/data/containerd'", [True, True]),
        ({"data-root": "/var/lib/docker"}, "root = '/old'", [False, False]),
    ],
)
def test_of_a_docker_that_does_not_run_the_files_tell(
    document: dict[str, t.Any], config: str, named: list[bool], host: Path, docker: Docker
) -> None:
    (host / "etc/containerd").mkdir(parents=True)
    (host / "etc/containerd/config.toml").write_text(config)
    stopped = DaemonState(None, document, Keys({}), None, frozenset())
    sites = data_sites.observe(BOTH, stopped, docker)
    assert [(each.now, each.is_named) for each in sites] == [(None, each) for each in named]


def test_a_move_that_nobody_asks_for_any_more_is_told() -> None:
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker"))
    assert data_sites.unfinished({"docker": "/data/docker/"}) == ()
    asked: dict[str, str]
    for asked in ({}, {"docker": "/elsewhere"}, {"containerd": "/data/docker"}):
        (told,) = data_sites.unfinished(asked)
        assert "from /var/lib/docker to /data/docker is not complete" in told


def test_what_would_be_gone_with_the_former_place_is_refused(docker: Docker, dockerd: DockerdStandIn) -> None:
    mounts = [
        {"Type": "volume", "Source": "/var/lib/docker/volumes/v/_data"},
        {"Type": "bind", "Source": "/var/lib"},
        {"Type": "bind", "Source": "/var/lib/docker/volumes"},
    ]
    rows = [{"Names": ["/fine"], "Mounts": mounts[:2]}, {"Names": ["/agent"], "Mounts": mounts[1:]}]
    dockerd.answers["GET /containers/json"] = as_json(rows)
    (site,) = data_sites.observe({"docker": "/data/docker"}, state(), docker)
    (told,) = site.sight.faults
    assert "containers mount folders in /var/lib/docker by their path, which would be gone: remove agent, " in told


@pytest.mark.parametrize(
    ("roots", "asked", "refused"),
    [
        pytest.param(
            ("/old", "/old/containerd", ADDRESS), {"docker": "/data/docker"}, True, id="containerd's in docker's"
        ),
        pytest.param(
            ("/old", "/old/c", "/run/docker/containerd/containerd.sock"),
            {"docker": "/data/docker"},
            False,
            id="its own",
        ),
        pytest.param(("/old/docker", "/old", ADDRESS), {"containerd": "/data/c"}, True, id="docker's in containerd's"),
        pytest.param(("/old/docker", "/old/containerd", ADDRESS), BOTH, False, id="side by side"),
    ],
)
def test_one_in_the_other_is_refused(
    roots: tuple[str, str, str], asked: dict[str, str], refused: bool, docker: Docker
) -> None:
    found = Containerd(roots[2], roots[1], ())
    now = Running({**INFO, "DockerRootDir": roots[0]}, {}, (), roots[1])
    sites = data_sites.observe(asked, state(now, found), docker)
    assert any("move that first" in fault for each in sites for fault in each.sight.faults) is refused


def test_what_stays_after_retiring_is_told() -> None:
    assert data_sites.left() == ()
    data_moves.write_config('root = "/data/containerd"\n', is_original=False)
    data_moves.settle()
    data_moves.note("docker", Move("/var/lib/docker", "/data/docker"))
    containerd, docker = data_sites.left()
    assert containerd.startswith("containerd keeps its data in /data/containerd, so `root` stays")
    assert docker.startswith("the move of docker's data from /var/lib/docker to /data/docker is not complete")
