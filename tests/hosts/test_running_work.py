"""A restart of dockerd waits for builds, and for containers that would not come back."""

from __future__ import annotations

import pytest

from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.daemon import (
    BUILDER,
    WITH_BUILDER,
    build_status,
    content,
    end_once_waited_for,
    process,
    provision,
    provisioned,
    start_build,
    start_container,
    state,
)
from tests.hosts.lab import lab, on

# What the work consists of until it is ended, so that no test depends on how fast the machine is.
IN_CONTAINER, IN_BUILD, IN_DOCKERD = "sleep 1001", "sleep 1002", "sleep 1003"


@pytest.fixture(scope="module", params=[OLDER_ENGINE, NEWER_ENGINE], ids=["26.1", "28.5"])
def builder(request: pytest.FixtureRequest) -> str:
    """A host with a builder, of each engine in turn; no test leaves work on it that holds up another."""
    host = str(request.param)
    lab("reset", host)
    provisioned(host, concerns=WITH_BUILDER)
    return host


def test_a_restart_waits_for_builds_and_containers_to_end_by_themselves_or_changes_nothing(builder: str) -> None:
    before, former = process(builder), content(builder)
    start_container(builder, "plain", f"{IN_CONTAINER}; exit 7")
    start_build(builder, "in-builder", f"{IN_BUILD}; echo slept")
    start_build(builder, "in-dockerd", f"{IN_DOCKERD}; echo slept", command="docker build")
    work = f"a build in docker itself, a build in {BUILDER}, container plain"

    run = provision(builder, daemon_options={"mtu": 1400}, drain_timeout=1)
    assert run.recap(builder)["failed"] == 1
    assert run.says(f"a restart of docker would end {work}, still running after")
    assert process(builder) == before
    assert content(builder) == former

    end_once_waited_for(builder, IN_CONTAINER, IN_BUILD, IN_DOCKERD)
    run = provisioned(builder, daemon_options={"mtu": 1400})
    assert run.says(f"(running now: {work})")
    assert process(builder) != before
    assert state(builder, "plain", "ExitCode") == "7"
    assert [build_status(builder, name) for name in ("in-builder", "in-dockerd")] == ["0", "0"]


def test_live_restore_keeps_containers_and_no_build(builder: str) -> None:
    provisioned(builder, daemon_options={"live-restore": True})
    before = process(builder)
    start_container(builder, "kept", IN_CONTAINER)
    container = state(builder, "kept", "Pid")
    start_build(builder, "in-builder", f"{IN_BUILD}; echo slept")

    end_once_waited_for(builder, IN_BUILD)
    run = provisioned(builder, daemon_options={"live-restore": True, "mtu": 1300})
    assert run.says(f"(running now: a build in {BUILDER})")
    assert process(builder) != before
    assert build_status(builder, "in-builder") == "0"
    assert state(builder, "kept", "Running") == "true"
    assert state(builder, "kept", "Pid") == container
    on(builder, "docker rm --force kept")


def test_a_build_whose_client_is_lost_is_not_waited_for(builder: str) -> None:
    """Its container outlives a dockerd that is killed, and with it what the client had started there: campaign."""
    provisioned(builder, daemon_options={"live-restore": True})
    start_build(builder, "lost", f"{IN_BUILD}; echo slept")
    on(builder, "pkill --signal KILL --exact --ns 1 --nslist pid dockerd")
    assert build_status(builder, "lost") != "0"
    before = process(builder)
    assert on(builder, f"pgrep --full --exact '{IN_BUILD}'") != ""

    run = provisioned(builder, daemon_options={"live-restore": True, "mtu": 1200}, drain_timeout=1)
    assert not run.says("(running now:")
    assert process(builder) != before
    on(builder, f"pkill --full --exact '{IN_BUILD}' || true")


def test_live_restore_keeps_nothing_at_the_restart_that_it_goes_with(builder: str) -> None:
    provisioned(builder, daemon_options={"live-restore": True})
    start_container(builder, "last", IN_CONTAINER)
    run = provision(builder, drain_timeout=1)
    assert run.recap(builder)["failed"] == 1
    assert run.says("a restart of docker would end container last, still running after")
    assert state(builder, "last", "Running") == "true"
