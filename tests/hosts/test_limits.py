"""Limits of a builder's container act on its builds, where the machine has cgroups that it can delegate."""

from __future__ import annotations

import json

import pytest

from lab import cgroup
from lab.settings import IMAGES_FILE
from tests.hosts.lab import on, playbook

IMAGES = json.loads(IMAGES_FILE.read_text())
LIMITS = {"memory": "400m", "memory-swap": "400m", "cpu-period": "100000", "cpu-quota": "50000"}
VARIABLES = {
    "builder_instances": [
        {"name": "multiarch", "image": IMAGES["buildkit"]["reference"], "default": True, "driver_opts": LIMITS}
    ],
    "builder_users": ["root"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_verify_repository": "",
}
CONTAINER = "buildx_buildkit_multiarch0"
# tail keeps what it was given until the end, as there is no line in it.
TOO_MUCH = "RUN head -c 800m /dev/zero | tail | wc -c"
ENOUGH = "RUN head -c 8m /dev/zero | tail | wc -c"


def builds(host: str, step: str) -> bool:
    """Whether a build with this step succeeds."""
    script = "folder=$(mktemp -d /var/tmp/build.XXXX); cd $folder; cat > Dockerfile; docker buildx build --no-cache ."
    said = on(
        host, f"({script}) >/dev/null 2>&1 && echo yes || echo no", f"FROM {IMAGES['base']['reference']}\n{step}\n"
    )
    return said.strip() == "yes"


@pytest.fixture
def _limits() -> None:
    """Skips the test where limits do not act."""
    if why := cgroup.why_no_limits():
        pytest.skip(why)


@pytest.mark.usefixtures("_limits")
def test_limits_of_a_builder_act_on_its_builds(newer: str) -> None:
    run = playbook("provision-builders", limit=newer, variables=VARIABLES)
    assert run.status == 0, run.output
    again = playbook("provision-builders", limit=newer, variables=VARIABLES)
    assert again.recap(newer)["changed"] == 0, again.output
    assert builds(newer, ENOUGH)
    own = on(newer, f"docker exec {CONTAINER} sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max'")
    assert own.split() == [str(400 * 1024**2), "50000", "100000"]
    assert not builds(newer, TOO_MUCH), "800 MB in a builder of 400"
    assert on(newer, f"docker inspect --format '{{{{.State.Running}}}}' {CONTAINER}").strip() == "true"
    assert builds(newer, ENOUGH), "only that step was ended"
