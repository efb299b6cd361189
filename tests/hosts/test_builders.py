"""Builders: what differs is found in what runs, and mended with the cache kept."""

from __future__ import annotations

import json

from lab.settings import IMAGES_FILE
from tests.hosts.lab import on, playbook

VOLUME = "docker volume inspect --format '{{.CreatedAt}}' buildx_buildkit_multiarch0_state"
CONTAINER = "docker inspect --format '{{.Id}}' buildx_buildkit_multiarch0"


def test_a_changed_configuration_recreates_the_builder_and_keeps_its_cache_and_its_users(spare: str) -> None:
    assert playbook("provision-builders", limit=spare).status == 0
    volume, container = on(spare, VOLUME), on(spare, CONTAINER)

    variables = {"builder_buildkit_options": {"worker": {"oci": {"max-parallelism": 3}}}}
    run = playbook("provision-builders", limit=spare, variables=variables)
    assert run.status == 0, run.output
    assert run.says("recreate builder multiarch for root, ci: buildkitd.toml in the container differs")
    assert on(spare, CONTAINER) != container
    assert on(spare, VOLUME) == volume
    inside = on(spare, "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml")
    assert "max-parallelism = 3" in inside
    running = "docker buildx inspect multiarch | grep -c '^Status: *running'"
    assert on(spare, running).strip() == "1"
    assert on(spare, f'runuser -u ci -- sh -c "{running}"').strip() == "1"
    assert playbook("provision-builders", limit=spare, variables=variables).recap(spare)["changed"] == 0


def test_a_container_and_a_store_entry_that_got_lost_are_mended(spare: str) -> None:
    assert playbook("provision-builders", limit=spare).status == 0
    on(spare, "docker rm --force buildx_buildkit_multiarch0")
    run = playbook("provision-builders", limit=spare)
    assert run.says("start builder multiarch: its container does not run")
    assert run.status == 0, run.output

    on(spare, "rm ~ci/.docker/buildx/instances/multiarch; echo '{' > /root/.docker/buildx/instances/multiarch")
    run = playbook("provision-builders", limit=spare)
    assert run.status == 0, run.output
    assert run.says("its entry in the store is broken")
    assert on(spare, "stat --format %U:%a ~ci/.docker/buildx/instances/multiarch").strip() == "ci:600"
    assert playbook("provision-builders", limit=spare).recap(spare)["changed"] == 0


BUILD = """
mkdir -p /var/tmp/slow; printf 'FROM %s\nRUN sleep 12 && echo slept\n' {base} > /var/tmp/slow/Dockerfile
systemd-run --quiet --unit=slow --setenv=HOME=/root sh -c \
    'docker buildx build --no-cache --progress plain /var/tmp/slow > /var/tmp/slow.log 2>&1
    echo $? > /var/tmp/slow.status'
for second in 1 2 3 4 5 6 7 8 9; do grep -q 'RUN sleep' /var/tmp/slow.log && break; sleep 1; done
"""


def test_a_running_build_is_waited_for_and_never_killed(spare: str) -> None:
    alone = {"builder_users": ["root"]}
    assert playbook("provision-builders", limit=spare, variables=alone).status == 0
    on(spare, BUILD.format(base=json.loads(IMAGES_FILE.read_text())["base"]["reference"]))
    container = on(spare, CONTAINER)
    changed = {**alone, "builder_buildkit_options": {"worker": {"oci": {"max-parallelism": 2}}}}

    run = playbook("provision-builders", limit=spare, variables={**changed, "builder_disruption": "never"})
    assert run.status == 0, run.output
    assert run.says("pending, as builder_disruption is never: recreate builder multiarch")
    run = playbook("provision-builders", limit=spare, variables={**changed, "builder_drain_timeout": 1})
    assert run.recap(spare)["failed"] == 1
    assert run.says("recreating builder multiarch would end a build in buildx_buildkit_multiarch0")
    assert on(spare, CONTAINER) == container

    run = playbook("provision-builders", limit=spare, variables=changed)
    assert run.status == 0, run.output
    assert on(spare, "cat /var/tmp/slow.status").strip() == "0", on(spare, "cat /var/tmp/slow.log")
    assert on(spare, CONTAINER) != container
