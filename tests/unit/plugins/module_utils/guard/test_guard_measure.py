# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as text, and what they are made of; a script stands in for docker, a server for dockerd."""

from __future__ import annotations

import json
import os
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD as BUILDERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import (
    BuildxRecord,
    OwnBuilder,
    OwnNode,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    Certificate,
    Done,
    Settings,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.guard import builders, measure
from ansible_collections.multiarch.builders.plugins.module_utils.guard.builders import History, Node
from ansible_collections.multiarch.builders.plugins.module_utils.guard.metrics import Metric, rendered
from ansible_collections.multiarch.builders.plugins.module_utils.proof.results import BUILD, BuildProof
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.dockerd_stand_in import (
    CLIENT,
    DockerdStandIn,
    as_json,
)

ARM64 = FORMATS["arm64"]
OURS = Handler("qemu-aarch64", True, f"{EMULATORS}/1/qemu-aarch64", "POCF", 0, ARM64.magic, ARM64.mask)


def test_the_format() -> None:
    told = rendered(
        [
            Metric("one", "Of\\this\ntest.", (({"path": 'a"b\\c\nd'}, 1.0), ({}, 0.25))),
            Metric("none", "Without samples.", ()),
            Metric("heals_total", "A counter.", (({}, 2_000_000_000),)),
        ]
    )
    assert told == (
        "# HELP multiarch_builders_one Of\\\\this\\ntest.\n"
        "# TYPE multiarch_builders_one gauge\n"
        'multiarch_builders_one{path="a\\"b\\\\c\\nd"} 1\n'
        "multiarch_builders_one 0.25\n"
        "# HELP multiarch_builders_heals_total A counter.\n"
        "# TYPE multiarch_builders_heals_total counter\n"
        "multiarch_builders_heals_total 2000000000\n"
    )


def values(metrics: t.Iterable[Metric]) -> dict[str, float]:
    """{name and labels: value} of all samples."""
    lines = (line for line in rendered(metrics).splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def test_sweeps() -> None:
    done = Done(removed={"builder": 2}, freed={"docker": 7}, sweep_failures=1, would={"image a": "x", "image b": "y"})
    assert {
        name.removeprefix("multiarch_builders_guard_"): value for name, value in values(measure.of_sweep(done)).items()
    } == {
        'removed_total{kind="builder"}': 2,
        'removed_total{kind="image"}': 0,
        'freed_bytes_total{disk="docker"}': 7,
        "sweep_failures_total": 1,
        'removable{kind="builder"}': 0,
        'removable{kind="image"}': 2,
    }


FOREIGN = Handler("qemu-aarch64", True, "/usr/bin/qemu-aarch64", "PF", 0, ARM64.magic, ARM64.mask)


@pytest.mark.parametrize(
    ("handlers", "owned", "expected"),
    [
        pytest.param({}, (), {}, id="nothing"),
        pytest.param({"qemu-aarch64": OURS}, ("qemu-aarch64",), {"managed": 1}, id="ours"),
        pytest.param({}, ("qemu-aarch64",), {"managed": 0}, id="ours is missing"),
        pytest.param({"qemu-aarch64": FOREIGN}, ("qemu-aarch64",), {"managed": 0, "foreign": 1}, id="replaced"),
        pytest.param({"qemu-aarch64": FOREIGN}, (), {"foreign": 1}, id="of somebody else"),
    ],
)
def test_handlers(handlers: dict[str, Handler], owned: tuple[str, ...], expected: dict[str, int]) -> None:
    start = 'multiarch_builders_handler{platform="linux/arm64",handler="qemu-aarch64",owner='
    assert values(measure.of_handlers(handlers, owned)) == {f'{start}"{each}"}}': n for each, n in expected.items()}


HISTORY = "\n".join(
    json.dumps(each)
    for each in (
        {"record": {"Ref": "a"}},
        {"type": 1, "record": {"Ref": "b", "numCompletedSteps": 5, "numCachedSteps": 3}},
        {"type": "COMPLETE", "record": {"Ref": "c", "numCompletedSteps": 2, "error": {"code": 2}}},
        {"type": 2, "record": {"Ref": "d", "numCompletedSteps": 7}},
        {"type": 1},
        ["not", "an", "event"],
    )
)


def test_the_history_in_numbers() -> None:
    found = builders.counted(f"{HISTORY}\nnot JSON\n", 7, 1000)
    assert found == History(7, running=1, succeeded=2, failed=1, steps=7, cached=3, cache=1000)
    told = values(measure.of_nodes([Node("multiarch", "multiarch0", "running", found), Node("b", "b0", "missing")]))
    start = "multiarch_builders_"
    assert told[f'{start}builds{{builder="multiarch",node="multiarch0",state="failed"}}'] == 1
    assert told[f'{start}build_steps{{builder="multiarch",node="multiarch0",result="cached"}}'] == 3
    assert told[f'{start}cache_bytes{{builder="multiarch",node="multiarch0"}}'] == 1000
    states = {name.partition("state=")[2]: value for name, value in told.items() if 'node_state{builder="b"' in name}
    assert states.pop('"missing"}') == 1
    assert set(states.values()) == {0}


@pytest.fixture
def builder(tmp_path: Path, dockerd: DockerdStandIn, programs: Callable[[str, str], Path]) -> Path:
    """A host with a builder that has built: the file of calls of docker."""
    nodes = (OwnNode("Multiarch0", "", "root", True), OwnNode("elsewhere", "ssh://b", "root", True))
    BUILDERS.put(BuildxRecord(builders={"multiarch": OwnBuilder("", "docker-container", {}, nodes)}))
    volume = tmp_path / "volume"
    volume.mkdir()
    (volume / "history.db").touch()
    (tmp_path / "run/multiarch-builders-guard").mkdir(parents=True)
    show(dockerd, "running")
    (tmp_path / "history").write_text(HISTORY)
    return programs("docker", f'case "$*" in *histories*) cat {tmp_path}/history;; *) echo "Total:\t1.5GB";; esac')


def show(dockerd: DockerdStandIn, status: str, **more: t.Any) -> None:
    mounts = [{"Source": "/volume", "Destination": "/var/lib/buildkit"}]
    shown = {"State": {"Status": status}, "Mounts": mounts, **more}
    dockerd.answers["GET /containers/buildx_buildkit_multiarch0/json"] = as_json(shown)


def test_buildkit_is_asked_when_it_has_built(
    builder: Path, docker: Docker, dockerd: DockerdStandIn, tmp_path: Path
) -> None:
    (tmp_path / "history").write_text('{"type": 1}')
    (first,) = builders.nodes(docker)
    assert (first.builder, first.state) == ("multiarch", "running")
    assert first.history is not None
    assert (first.history.succeeded, first.history.cache) == (1, 1_500_000_000)
    assert len(builder.read_text().splitlines()) == 2
    assert builders.nodes(docker) == [first]
    assert len(builder.read_text().splitlines()) == 2, "nothing was built since"
    show(dockerd, "running", ExecIDs=["a-client"])
    dockerd.answers.update(CLIENT)
    assert builders.nodes(docker) == [first]
    assert len(builder.read_text().splitlines()) == 4, "a client is connected"


def test_a_cache_that_was_pruned_is_measured_again(builder: Path, docker: Docker, tmp_path: Path) -> None:
    database = tmp_path / "volume/runc-overlayfs/metadata_v2.db"
    database.parent.mkdir()
    database.touch()
    (tmp_path / "history").write_text('{"type": 1}')
    assert builders.nodes(docker) == builders.nodes(docker)
    assert len(builder.read_text().splitlines()) == 2
    os.utime(database, ns=(0, 0))
    builders.nodes(docker)
    assert len(builder.read_text().splitlines()) == 4


@pytest.mark.parametrize("fails", ["histories", "du"])
def test_what_buildkit_does_not_tell_is_unknown_and_asked_again(
    fails: str, builder: Path, docker: Docker, programs: Callable[[str, str], Path], tmp_path: Path
) -> None:
    told = f'case "$*" in *histories*) cat {tmp_path}/history;; *) echo "Total:\t1.5GB";; esac'
    programs("docker", f'case "$*" in *{fails}*) exit 1 ;; esac; {told}')
    (node,) = builders.nodes(docker)
    unknown = None if fails == "histories" else History(0, running=1, succeeded=2, failed=1, steps=7, cached=3)
    assert node.history == unknown
    programs("docker", told)
    (node,) = builders.nodes(docker)
    assert node.history is not None
    assert (node.history.succeeded, node.history.cache) == (2, 1_500_000_000)
    assert builder.exists()


@pytest.mark.parametrize(("status", "state"), [("paused", "paused"), ("exited", "stopped"), ("new", "unknown")])
def test_what_does_not_run_is_not_asked(
    status: str, state: str, builder: Path, docker: Docker, dockerd: DockerdStandIn
) -> None:
    show(dockerd, status)
    assert builders.nodes(docker) == [Node("multiarch", "Multiarch0", state)]
    assert not builder.exists()


def test_a_container_that_is_gone(builder: Path, docker: Docker, dockerd: DockerdStandIn) -> None:
    assert builder.parent.exists()
    dockerd.answers.clear()
    assert builders.nodes(docker) == [Node("multiarch", "Multiarch0", "missing")]


@pytest.mark.usefixtures("builder")
def test_without_docker_nothing_is_known(no_docker: Docker) -> None:
    assert builders.nodes(no_docker) == [Node("multiarch", "Multiarch0", "unknown")]


def test_the_whole_of_a_host_without_docker(tmp_path: Path) -> None:
    BUILD.put(BuildProof("2026-11-21T11:30:59Z", True, ()))
    (tmp_path / "srv").mkdir()
    settings = Settings(
        "/m.prom",
        certificates=(Certificate("h", "ca", "CN=CA", "ab", 2_000_000_000), Certificate("h", "ca", "CN=CA", "cd", 1)),
        disks={"docker": "/srv", "containerd": "/srv"},
    )
    lines = measure.text(settings, Done(heals={"qemu-arm": 2}, limited="since then")).splitlines()
    assert len(lines) == len(set(lines))
    told = dict(line.rpartition(" ")[::2] for line in lines if not line.startswith("#"))
    start = "multiarch_builders_"
    expected = {
        "docker_up": "0",
        'certificate_expiry_timestamp_seconds{registry="h",kind="ca",subject="CN=CA",fingerprint="ab"}': "2000000000",
        'proof_timestamp_seconds{proof="builds"}': "1795260659",
        'guard_heals_total{handler="qemu-arm"}': "2",
        "guard_limited": "1",
    }
    assert {name: told.get(f"{start}{name}") for name in expected} == expected
    assert f'{start}disk_free_bytes{{disk="docker",path="/srv"}}' in told
    assert not [name for name in told if "containerd" in name], "it is on the same disk"
    assert not [name for name in told if "drift" in name], "nothing is known without a plan"
