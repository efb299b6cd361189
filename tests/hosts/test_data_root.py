"""Where Docker's data lies: no change of that hides data without leave, and what is hidden comes back whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hosts.daemon import (
    BUILDER,
    WITH_BUILDER,
    content,
    process,
    provision,
    provisioned,
    start_container,
    state,
)
from tests.hosts.lab import lab, on, playbook
from tests.hosts.test_image_store import is_cached, status_of_builder

ELSEWHERE = {"data-root": "/srv/docker"}
ROOT = "docker info --format '{{.DockerRootDir}}'"
SHOWN = """
docker ps --all --format '{{.ID}} {{.Names}}' | sort
docker volume ls --quiet | sort
docker network ls --format '{{.ID}} {{.Name}}' --filter type=custom | sort
docker images --no-trunc --quiet | sort
"""


PLATFORM = {"platforms": ["linux/amd64"], "users": ["root"]}
DISK = "mount -t tmpfs -o size=2g data /srv"  # builders need one that an overlay can be upon


@pytest.mark.thorough
def test_another_data_root_needs_leave_and_the_former_one_shows_all_again(engine: str) -> None:
    """B6: containers, volumes and the builder's cache were gone from sight, after `see that it runs again`."""
    with_builder = {"concerns": WITH_BUILDER}
    on(engine, DISK)
    provisioned(engine, **with_builder)
    is_cached(engine)
    start_container(engine, "service", "sleep 1002", "--restart=always", "--volume=theirs:/data")
    on(engine, "docker network create theirs")
    before, file, former = on(engine, SHOWN), content(engine), process(engine)

    run = provision(engine, **with_builder, daemon_options=ELSEWHERE)
    assert run.recap(engine)["failed"] == 1
    assert run.says("with data-root /srv/docker in place of /var/lib/docker, Docker would no longer show 2 containers")
    assert run.says("1 of them is a builder's cache")
    assert run.says("and 1 networks in /var/lib/docker; /srv/docker has ")
    assert run.says("set builder_allow_data_root_switch: true, or keep the folder with builder_daemon_options: {data-")
    assert (content(engine), process(engine)) == (file, former)
    assert on(engine, SHOWN) == before

    # the same folder by another name
    on(engine, "ln -s /var/lib/docker /srv/link")
    for name in ("/var/lib/docker/", "/srv/link"):
        provisioned(engine, **with_builder, daemon_options={"data-root": name})
        assert process(engine) == former
        assert provision(engine, **with_builder, daemon_options={"data-root": name}).recap(engine)["changed"] == 0
    provisioned(engine, **with_builder)
    assert process(engine) == former

    moved = {**with_builder, "daemon_options": ELSEWHERE, "allow_data_root_switch": True}
    variables = {f"builder_{name}": value for name, value in {**PLATFORM, **moved}.items()}
    run = playbook("provision-builders", "--check", limit=engine, variables=variables)
    assert run.says("(hidden: 2 containers")
    assert (content(engine), process(engine)) == (file, former)
    run = provisioned(engine, **moved)
    assert run.says("builders start with empty caches")
    assert on(engine, ROOT).strip() == "/srv/docker"
    assert on(engine, "docker volume ls --quiet --filter name=theirs").strip() == ""
    assert status_of_builder(engine) == "running"
    assert not is_cached(engine)
    run = provision(engine, **moved)
    assert (run.recap(engine)["changed"], run.recap(engine)["failed"]) == (0, 0)
    assert run.says("/var/lib/docker has 2 containers, ")
    assert run.says("builder_daemon_options: {data-root: /var/lib/docker} shows that again")

    run = provision(engine, **with_builder)
    assert run.recap(engine)["failed"] == 1
    assert run.says("with data-root /var/lib/docker in place of /srv/docker, Docker would no longer show 1 containers")
    assert on(engine, ROOT).strip() == "/srv/docker"

    back = {**with_builder, "allow_data_root_switch": True}
    run = provisioned(engine, **back)
    assert set(before.split()) <= set(on(engine, SHOWN).split())
    assert state(engine, "service", "Running") == "true"
    assert status_of_builder(engine) == "running"
    assert is_cached(engine)
    run = provision(engine, **with_builder)
    assert (run.recap(engine)["changed"], run.recap(engine)["failed"]) == (0, 0)
    assert run.says("/srv/docker has 1 containers")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"storage-driver": "native"}, "storage-driver native in place of overlayfs", id="storage-driver"),
        pytest.param(
            {"containerd-namespace": "other"}, "containerd-namespace other in place of moby", id="containerd-namespace"
        ),
    ],
)
def test_other_ways_to_hide_containers_need_leave_too(options: dict[str, str], told: str, engine: str) -> None:
    provisioned(engine)
    start_container(engine, "service", "sleep 1003", "--restart=always")
    before, file, former = on(engine, SHOWN), content(engine), process(engine)
    run = provision(engine, daemon_options=options)
    assert run.recap(engine)["failed"] == 1
    assert run.says(f"with {told}, Docker would no longer show ")
    assert run.says("set builder_allow_image_store_switch: true")
    assert (content(engine), process(engine)) == (file, former)

    provisioned(engine, daemon_options=options, allow_image_store_switch=True)
    assert "service" not in on(engine, "docker ps --format '{{.Names}}'")
    run = provisioned(engine, allow_image_store_switch=True)
    assert on(engine, SHOWN) == before
    assert state(engine, "service", "Running") == "true"


def test_no_container_goes_on_running_in_a_data_root_that_nobody_looks_into(spare: str) -> None:
    provisioned(spare, daemon_options={"live-restore": True})
    start_container(spare, "service", "sleep 1004", "--restart=always")
    provisioned(spare, daemon_options={"live-restore": True, **ELSEWHERE}, allow_data_root_switch=True)
    assert on(spare, "docker ps --quiet").strip() == ""
    assert on(spare, "pgrep --full --exact 'sleep 1004' || true").strip() == ""


def test_a_snapshotter_that_containerd_has_not_loaded_is_refused(engine: str) -> None:
    """B7: docker ran on, and every pull failed: `snapshotter not loaded`."""
    file, former = on(engine, "cat /etc/docker/daemon.json 2>/dev/null || true"), process(engine)
    for driver in ("btrfs", "zfs", "stargz"):
        run = provision(engine, daemon_options={"storage-driver": driver})
        assert run.recap(engine)["failed"] == 1
        assert run.says(f"storage-driver = {driver} names a snapshotter of containerd ")
        assert run.says("native, overlayfs. So ")
        assert (on(engine, "cat /etc/docker/daemon.json 2>/dev/null || true"), process(engine)) == (file, former)
    assert run.says("builder_daemon_options: {storage-driver: null}")


@pytest.fixture
def two_disks(engine: str) -> str:
    """A host whose containerd keeps its data on a disk of its own, which is small."""
    on(
        engine,
        """
        systemctl stop docker.socket docker.service containerd.service
        mkdir /srv/former; mv /var/lib/containerd/* /srv/former/
        mount -t tmpfs -o size=64m,mode=700 small /var/lib/containerd
        mv /srv/former/* /var/lib/containerd/
        systemctl start containerd.service docker.service
        """,
    )
    return engine


def test_the_disk_of_containerd_is_looked_at_too(two_disks: str, tmp_path: Path) -> None:
    """C8: docker was restarted on a full disk of containerd, and the report showed dockerd's alone."""
    provisioned(two_disks, daemon_options={"live-restore": True})
    playbook("report-builders", limit=two_disks, variables={"builder_report_dest": str(tmp_path)})
    (host,) = json.loads((tmp_path / "builders.json").read_text())["hosts"]
    assert host["disk"]["path"] == "/var/lib/docker"
    assert (host["containerd_disk"]["path"], host["containerd_disk"]["size"]) == ("/var/lib/containerd", 64 * 1024**2)
    assert "free at /var/lib/containerd" in (tmp_path / "builders.html").read_text()
    former, file = process(two_disks), content(two_disks)
    on(two_disks, "dd if=/dev/zero of=/var/lib/containerd/all-of-it 2>/dev/null || true")
    run = provision(two_disks, daemon_options={"live-restore": True, "mtu": 1400})
    assert run.says("/var/lib/containerd has 0 KiB left: docker was not restarted")
    assert (process(two_disks), content(two_disks)) == (former, file)
    on(two_disks, "rm /var/lib/containerd/all-of-it")
    provisioned(two_disks, daemon_options={"live-restore": True, "mtu": 1400})


def test_a_containerd_that_moves_is_told_before_and_after(engine: str) -> None:
    """Every run failed for ever after it: `snapshot … does not exist`."""
    provisioned(engine, concerns=WITH_BUILDER)
    file = "/etc/containerd/config.toml"
    on(engine, f"cp {file} /root/former; sed -i '1i root = \"/srv/containerd\"' {file}")
    run = provisioned(engine, concerns=WITH_BUILDER)
    assert run.says("containerd keeps its data in /var/lib/containerd now, and in /srv/containerd after its next start")
    assert run.says("or start 1 containers, which stay in /var/lib/containerd")

    on(engine, "systemctl restart containerd")
    run = provision(engine, concerns=WITH_BUILDER)
    assert run.recap(engine)["failed"] == 1
    assert run.says("containerd keeps its data in /srv/containerd, and kept it in /var/lib/containerd when")
    assert run.says(f"`docker rm --force {BUILDER}`")

    on(engine, f"cp /root/former {file}")
    lab("reboot", engine)
    run = provisioned(engine, concerns=WITH_BUILDER)
    assert "keeps its data" not in run.output
    assert status_of_builder(engine) == "running"
