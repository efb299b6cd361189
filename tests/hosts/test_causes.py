"""The last line about a host that failed ends with the cause, in whole words of the program that knows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.settings import HARBOR_NAME, IMAGES_FILE
from tests.hosts.daemon import WITH_BUILDER, base
from tests.hosts.lab import Run, on, playbook

NO_ADDRESS = "198.51.100.99"  # an address of the lab's network that nobody has
PLUGIN = "/usr/local/lib/docker/cli-plugins/docker-buildx"
DROP_IN = "/etc/systemd/system/docker.service.d/house-rules.conf"
WITH_FLAG = f"""
mkdir -p {DROP_IN.rpartition("/")[0]}
printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/dockerd --no-such-flag -H fd://\\n' > {DROP_IN}
systemctl daemon-reload
"""
NO_ARCHIVE = """
dpkg --purge --force-depends docker-buildx >/dev/null
rm -rf /var/lib/apt/lists/*
echo 'Acquire::http::Proxy "http://198.51.100.1:9";' > /etc/apt/apt.conf.d/zz-nowhere
"""


def run_of(name: str, host: str, **variables: Any) -> Run:
    """A playbook without emulation and trust's proof; *variables* without `builder_`."""
    given = {"concerns": WITH_BUILDER, "platforms": ["amd64"], "users": ["root"], "verify_base": "scratch", **variables}
    return playbook(name, limit=host, variables={f"builder_{key}": value for key, value in given.items()})


def provision(host: str, **variables: Any) -> Run:
    return run_of("provision-builders", host, verify_repository="", **variables)


def last_line(run: Run) -> str:
    assert run.status != 0, run.output
    return run.output.splitlines()[-1]


def instance(image: str) -> list[dict[str, Any]]:
    return [{"name": "multiarch", "image": image, "default": True}]


def test_of_a_builder_that_does_not_boot(engine: str) -> None:
    absent = "mirror.lab.test:5000/moby/buildkit:no-such-tag"
    run = provision(engine, instances=instance(absent))
    assert last_line(run).endswith(
        f'buildx: builder multiarch of root does not run: failed to resolve reference "{absent}": {absent}: not found'
    ), run.output
    assert run.says("`docker buildx create` said: #1 [internal] booting buildkit"), "the rest is below, in whole lines"

    # What no client of docker says stands in the container's own log.
    run = provision(engine, instances=instance(base()))
    assert last_line(run).endswith(
        "builder multiarch of root does not run: exec --config failed: No such file or directory"
    ), run.output
    assert run.says("`docker logs --tail=200 buildx_buildkit_multiarch0` shows")

    assert provision(engine).status == 0, "and the host is as it was: the next run makes the builder"


def test_of_a_docker_that_does_not_start(engine: str) -> None:
    run = provision(engine, daemon_options={"exec-opts": ["native.cgroupdriver=no-such-driver"]}, concerns=["daemon"])
    assert last_line(run).endswith("native.cgroupdriver option no-such-driver not supported"), run.output
    assert run.says("was restored, and docker runs again")
    assert "Processing signal" not in run.output, "lines of the start before are of no interest"

    on(engine, WITH_FLAG)
    run = provision(engine, daemon_options={"debug": True}, concerns=["daemon"])
    assert last_line(run).endswith("nothing was changed: unknown flag: --no-such-flag"), run.output
    assert run.says(f"Fix {DROP_IN}, which starts dockerd with it")
    on(engine, "systemctl stop docker.socket docker.service")
    run = provision(engine, concerns=["engine"])
    assert last_line(run).endswith("engine: docker does not start: unknown flag: --no-such-flag"), run.output
    assert run.says(f"Fix {DROP_IN}, which starts dockerd with it")

    on(engine, f"rm {DROP_IN}; systemctl daemon-reload; systemctl mask --now containerd.service 2>/dev/null")
    run = provision(engine, concerns=["engine"])
    assert "containerd.service is masked" in last_line(run), run.output


def test_of_what_is_missing_and_what_is_broken(engine: str) -> None:
    on(engine, f"mkdir -p {PLUGIN.rpartition('/')[0]}; echo '#!/bin/no-such-shell' > {PLUGIN}; chmod 755 {PLUGIN}")
    assert f"the buildx plugin is broken: {PLUGIN}: its interpreter or loader is not on this host" in last_line(
        provision(engine)
    )
    on(engine, f"rm {PLUGIN}; {NO_ARCHIVE}")
    run = provision(engine, engine="distro")
    assert "apt finds no package docker-buildx, and cannot fetch fresh lists: http://" in last_line(run), run.output
    assert last_line(run).endswith("nable to connect to 198.51.100.1:9"), run.output


@pytest.mark.thorough
def test_one_platform_that_fails_is_told_and_the_others_are_proven(engine: str) -> None:
    """The lab's busybox has no linux/386, which the processor runs."""
    platforms, reference = ["amd64", "386", "arm64"], json.loads(IMAGES_FILE.read_text())["base"]["reference"]
    asked = {"platforms": platforms, "concerns": [*WITH_BUILDER, "binfmt"], "verify_base": reference}
    asked["verify_repository"] = f"{HARBOR_NAME}/proof/{engine}"
    run = run_of("provision-builders", engine, **asked)
    cause = "no match for platform in manifest: not found"
    assert last_line(run).endswith(cause), run.output
    assert "the build for linux/386 failed" in last_line(run)

    run = run_of("verify-builders", engine, **asked)
    table = next(line for line in run.output.splitlines() if f"{engine}  " in line and "pushed" in line)
    assert "native pushed" in table
    assert "emulated pushed" in table
    assert table.count("NOT PROVEN") == 1
    assert last_line(run).endswith(cause), run.output


@pytest.mark.usefixtures("spare")
def test_of_a_host_that_is_not_reached() -> None:
    run = playbook("report-builders", limit="spare-1", variables={"ansible_host": NO_ADDRESS})
    line = next(line for line in run.output.splitlines() if "unreachable: " in line and NO_ADDRESS in line)
    assert line.endswith("No route to host"), run.output
