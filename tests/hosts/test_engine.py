"""A host without Docker becomes a builder in one run; one with an old Docker does with a buildx plugin of one's own."""

from __future__ import annotations

import hashlib
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook, snapshot

PLUGINS = "/usr/libexec/docker/cli-plugins"
PLACE = "/usr/local/lib/docker/cli-plugins"
PORT = 8000
PLANNED_ON_A_BARE_HOST = [
    "install docker.io 26.1",
    "docker-buildx 0.13",
    "with runc, containerd, tini",
    "write /etc/docker/certs.d/harbor.lab.test/ca.crt",
    "log ci in to harbor.lab.test as robot$ci",
    "restart docker: features.containerd-snapshotter: absent → true",
    "register handler qemu-s390x for linux/s390x",
    "add ci to the group docker",
    "create builder multiarch for root, ci: not in the store",
    "+docker.io 26.1",
    '+        "containerd-snapshotter": true',
    '+mirrors = ["mirror.lab.test:5000"]',
]


def provision(host: str, *arguments: str, **variables: Any) -> Run:
    """Provision *host*; *variables* without `builder_`."""
    return playbook(
        "provision-builders",
        *arguments,
        limit=host,
        variables={f"builder_{name}": value for name, value in variables.items()},
    )


def require_nothing_to_do(host: str, **variables: Any) -> None:
    for arguments in (("--check",), ()):
        run = provision(host, *arguments, **variables)
        assert run.status == 0, run.output
        assert run.recap(host)["changed"] == 0, run.output


def test_a_host_without_docker_says_the_ways_out_and_becomes_a_builder_in_one_run() -> None:
    lab("reset", "bare-1")
    run = provision("bare-1")
    assert (run.recap("bare-1")["failed"], run.recap("bare-1")["changed"]) == (1, 0)
    assert run.says("Docker is not installed: set builder_engine: distro, or install Docker's"), run.output

    asked: dict[str, Any] = {"engine": "distro", "docker_group": True, "verify_base": "scratch"}
    asked["platforms"] = ["amd64", "s390x"]
    packages = "dpkg-query --show; ls -R /var/lib/apt/lists /var/cache/apt; ls -d /var/tmp/multiarch* || true"
    before = snapshot("bare-1"), on("bare-1", packages)
    run = provision("bare-1", "--check", "--diff", **asked)
    assert run.status == 0, run.output
    assert [each for each in PLANNED_ON_A_BARE_HOST if not run.says(each)] == [], run.output
    assert before == (snapshot("bare-1"), on("bare-1", packages))

    run = provision("bare-1", **asked)
    assert run.status == 0, run.output
    line = next(each for each in run.output.splitlines() if each.startswith("bare-1: changed: engine "))
    assert [each for each in ("trust", "daemon", "binfmt", "buildx", "proven") if each not in line] == []
    require_nothing_to_do("bare-1", **asked)
    assert "io.containerd.snapshotter.v1" in on("bare-1", "docker info")
    ours = on("bare-1", "cat /var/lib/multiarch-builders/engine.json")
    assert [name for name in ("docker.io", "docker-cli", "docker-buildx", "runc") if f'"{name}":' not in ours] == []
    assert "ca-certificates" not in ours, "it was there before"


def served(host: str) -> str:
    """The address at which *host* serves the buildx of its distribution."""
    serve = f"systemd-run --quiet --collect --unit=served python3 -m http.server --directory {PLUGINS} {PORT}"
    on(host, f"{serve}; for try in $(seq 50); do ss -lnt | grep -q ':{PORT} ' && break; sleep 0.1; done")
    return f"http://{next(each.address for each in HOSTS if each.name == host)}:{PORT}/docker-buildx"


@pytest.mark.thorough
def test_docker_20_10_builds_and_pushes_with_a_plugin_that_is_fetched_and_with_one_that_is_brought(
    spare: str, newer: str, tmp_path: Path
) -> None:
    assert (spare, newer) == (OLDER_ENGINE, NEWER_ENGINE)
    lab("reset", "old-1")
    url = served(spare)
    with urllib.request.urlopen(url, timeout=30) as answer:
        fetched = {"url": url, "sha256": hashlib.sha256(answer.read()).hexdigest()}
    with urllib.request.urlopen(served(newer), timeout=30) as answer:
        (tmp_path / "buildx").write_bytes(answer.read())
    digest = hashlib.sha256((tmp_path / "buildx").read_bytes()).hexdigest()
    brought = {"src": str(tmp_path / "buildx"), "sha256": digest, "version": "0.29.1"}
    former = "#!/bin/sh\necho github.com/docker/buildx v0.9.1\n"
    on("old-1", f"mkdir -p {PLACE}; cat > {PLACE}/docker-buildx; chmod 755 {PLACE}/docker-buildx", stdin=former)

    run = provision("old-1", concerns=["engine"], buildx_plugin=fetched | {"sha256": "a" * 64})
    assert run.says("builder_buildx_plugin.sha256 = aaaa"), run.output
    assert on("old-1", f"cat {PLACE}/docker-buildx") == former

    run = provision("old-1", buildx_plugin=fetched)
    assert run.status == 0, run.output  # proven by a push
    assert run.says("has no containerd image store (since 24.0), so features.containerd-snapshotter is left out")
    assert "containerd-snapshotter" not in on("old-1", "cat /etc/docker/daemon.json")
    require_nothing_to_do("old-1", buildx_plugin=fetched)
    run = provision("old-1", daemon_options={"features": {"containerd-snapshotter": True}}, buildx_plugin=fetched)
    assert run.says("but Docker 20.10.24+dfsg1 has no containerd image store, which came with 24.0"), run.output

    run = provision("old-1", concerns=["engine"], buildx_plugin=brought)
    assert run.status == 0, run.output
    assert "0.29.1" in on("old-1", "docker buildx version; docker buildx ls")
    assert provision("old-1", concerns=["engine"], buildx_plugin=brought).recap("old-1")["changed"] == 0

    assert provision("old-1", "--check").says("buildx 0.9.1 is installed, but builders need 0.13 or newer")
    assert provision("old-1", concerns=["engine"]).says("restore buildx 0.9.1 as")
    assert on("old-1", f"cat {PLACE}/docker-buildx") == former
