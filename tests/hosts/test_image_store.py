"""The image store: never switched over images and containers without leave, and the builder's cache outlives it."""

from __future__ import annotations

import re

import pytest

from tests.hosts.daemon import WITH_BUILDER, base, content, provision, provisioned, start_container
from tests.hosts.lab import on

FORMER_STORE = {"features": {"containerd-snapshotter": None}}
DRIVER = "docker info --format '{{.DriverStatus}}'"
CONTAINERD = "io.containerd.snapshotter.v1"
IMAGES = "docker images --no-trunc --format '{{.Repository}} {{.ID}}' | sort"


def is_cached(host: str) -> bool:
    """Whether the builder, which root uses, has in its cache what this builds."""
    told = on(
        host,
        f"mkdir -p /var/tmp/cached; printf 'FROM %s\nRUN echo once\n' {base()} > /var/tmp/cached/Dockerfile\n"
        "HOME=/root docker buildx build --progress plain /var/tmp/cached 2>&1",
    )
    found = re.search(r"(#\d+) .* RUN echo once\n\1 (.*)", told)
    assert found is not None, told
    return found.group(2) == "CACHED"


def status_of_builder(host: str) -> str:
    return on(host, "HOME=/root docker buildx inspect multiarch | sed -n 's/^Status: *//p'").strip()


@pytest.mark.thorough
def test_a_switch_needs_leave_keeps_the_builders_cache_and_back_shows_what_was_hidden(engine: str) -> None:
    provisioned(engine, concerns=WITH_BUILDER, daemon_options=FORMER_STORE)
    assert CONTAINERD not in on(engine, DRIVER)
    assert not is_cached(engine)
    theirs, former = on(engine, IMAGES), content(engine)

    run = provision(engine, concerns=WITH_BUILDER)
    assert run.recap(engine)["failed"] == 1
    assert run.says("1 containers of the image store ")
    assert run.says("builder_allow_image_store_switch: true")
    assert content(engine) == former
    assert on(engine, IMAGES) == theirs

    provisioned(engine, concerns=WITH_BUILDER, allow_image_store_switch=True)
    assert CONTAINERD in on(engine, DRIVER)
    assert status_of_builder(engine) == "running"
    assert is_cached(engine)

    leave = {"concerns": WITH_BUILDER, "daemon_options": FORMER_STORE, "allow_image_store_switch": True}
    provisioned(engine, **leave)
    assert CONTAINERD not in on(engine, DRIVER)
    assert on(engine, IMAGES) == theirs
    assert status_of_builder(engine) == "running"
    assert is_cached(engine)
    assert provision(engine, **leave).recap(engine)["changed"] == 0


def test_no_container_goes_on_running_where_nobody_sees_it(spare: str) -> None:
    provisioned(spare, daemon_options={"live-restore": True, **FORMER_STORE})
    start_container(spare, "service", "sleep 1001", "--restart=always")
    provision(spare, daemon_options={"live-restore": True}, allow_image_store_switch=True)
    shown = on(spare, "docker ps --quiet --filter name=service").split()
    running = on(spare, "pgrep --full --exact 'sleep 1001' || true").split()
    assert len(shown) == len(running)
