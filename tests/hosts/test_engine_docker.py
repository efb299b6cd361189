"""Docker's own packages from a repository that the user names: installed, upgraded, taken back, and retired.

The repository is the lab's stand-in: Debian's Docker 26.1 and 28.5 in docker-ce's packages and layout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import docker_packages
from lab.images.docker_ce import KEY
from lab.openpgp import Signer
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.daemon import BUILDER, WITH_BUILDER, base, start_container
from tests.hosts.lab import Run, on, playbook

FILES = "/etc/apt/sources.list.d/multiarch-builders-docker.sources /etc/apt/keyrings/multiarch-builders-docker.asc"
DROP_IN = "/etc/systemd/system/docker.service.d/broken.conf"
BREAK_28 = "[Service]\nExecStartPre=/bin/sh -c '! dockerd --version | grep -q \" 28\\\\.\"'\n"
LEAST = {"platforms": ["amd64"], "users": ["root"], "verify_repository": "", "concerns": WITH_BUILDER}
# What an upgrade must keep: the image store, an image and a container's file system in it, the builder and its cache.
KEPT = (
    "docker info --format '{{.Driver}} {{.DriverStatus}}'; docker images --quiet | sort; "
    f"docker inspect {BUILDER} --format '{{{{.Id}}}} {{{{.State.Status}}}}'"
)
BUILD = "printf 'FROM scratch\\nCOPY a /\\n' >Dockerfile; docker buildx build --progress=plain . 2>&1"


@pytest.fixture(scope="module")
def repository() -> dict[str, Any]:
    """The variables of the lab's repository."""
    return {"url": docker_packages.ADDRESS, "key": str(docker_packages.ensure() / KEY)}


def provision(*arguments: str, **variables: Any) -> Run:
    """Provision the host with Docker's packages; *variables* without `builder_`."""
    asked = {"engine": "docker", **LEAST, **variables}
    given = {f"builder_{name}": value for name, value in asked.items()}
    return playbook("provision-builders", *arguments, limit=OLDER_ENGINE, variables=given)


def refused(words: str, **variables: Any) -> None:
    run = provision(**variables)
    assert (run.recap(OLDER_ENGINE)["failed"], run.recap(OLDER_ENGINE)["changed"]) == (1, 0), run.output
    assert run.says(words), run.output


def require_nothing_to_do(**variables: Any) -> None:
    run = provision(**variables)
    assert (run.status, run.recap(OLDER_ENGINE)["changed"]) == (0, 0), run.output


def version(host: str) -> str:
    return on(host, "docker version --format '{{.Server.Version}}'").strip()


@pytest.mark.thorough
def test_from_a_bare_host_over_a_failed_upgrade_to_a_new_version_and_back_to_nothing(
    spare: str, repository: dict[str, Any], tmp_path: Path
) -> None:
    refused("builder_engine: docker, but dockerd is from the package docker.io", engine_repository=repository)
    on(spare, "apt-get -qq purge docker.io docker-cli docker-buildx containerd runc >/dev/null 2>&1")
    (tmp_path / "other.asc").write_text(Signer("other <other@lab.test>").public())
    other = repository | {"key": str(tmp_path / "other.asc")}
    refused("apt cannot use builder_engine_repository", engine_repository=other)

    asked = {"engine_repository": repository, "engine_version": "26.1"}
    run = provision("--check", "--diff", **asked)
    assert run.says("install docker-ce 26.1.5-1~debian.13~trixie~standin"), run.output
    assert run.says("+URIs: http://198.51.100.1:3143"), run.output
    assert on(spare, f"ls {FILES} 2>/dev/null || true") == ""

    run = provision(**asked)
    assert run.status == 0, run.output
    assert version(spare).startswith("26.1.5")
    assert on(spare, "readlink /proc/$(cat /run/docker.pid)/exe").strip() == "/usr/bin/dockerd"
    require_nothing_to_do(**asked)

    on(spare, f"mkdir /root/b; cd /root/b; head -c 5000000 /dev/urandom >a; {BUILD}")
    on(spare, "cd /root/b; docker build --quiet --builder default --tag kept . >/dev/null")
    on(spare, f"docker create --name held kept true; docker pull --quiet {base()}")
    before = on(spare, KEPT)

    asked["engine_version"] = "28.5"
    on(spare, f"mkdir -p $(dirname {DROP_IN}); cat >{DROP_IN}; systemctl daemon-reload", stdin=BREAK_28)
    run = provision(**asked)
    assert run.says("the upgrade to Docker 28.5.2 failed, so the former packages were installed again"), run.output
    assert version(spare).startswith("26.1.5")
    assert on(spare, KEPT) == before
    assert on(spare, "ls /var/lib/multiarch-builders/former-packages 2>/dev/null || true") == ""

    on(spare, f"rm {DROP_IN}; systemctl daemon-reload")
    start_container(spare, "plain", "sleep 1001")
    refused("an upgrade of docker would end container plain, still running after", **asked, drain_timeout=1)
    on(spare, "docker rm --force plain")

    run = provision(**asked)
    assert run.status == 0, run.output
    assert run.says("upgrade Docker: docker-ce 5:26.1.5-1~debian.13~trixie~standin → 5:28.5.2-1~"), run.output
    assert version(spare).startswith("28.5.2")
    assert on(spare, KEPT) == before
    assert "CACHED" in on(spare, f"cd /root/b; {BUILD}")
    require_nothing_to_do(**asked)
    refused("builder_engine_version = 26 is older than what is installed", **asked | {"engine_version": "26"})

    on(spare, f"for file in {FILES}; do echo >>$file; done")
    assert provision(**asked).says("write /etc/apt/sources.list.d/multiarch-builders-docker.sources"), (
        "drift is repaired"
    )
    run = playbook("retire-builders", limit=spare)
    assert run.status == 0, run.output
    assert run.says("packages that came with us are kept"), run.output
    assert on(spare, f"ls {FILES} 2>/dev/null || true") == ""
