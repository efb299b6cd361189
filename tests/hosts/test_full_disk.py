"""dockerd on a disk without room: it is not restarted there, and what another restart made it lose is found and mended.

Both were found by the campaign (docs/reliability.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaign.outside import builder_is_wrong
from campaign.site import Site
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.daemon import BUILDER, WITH_BUILDER, content, process, provision, provisioned, state
from tests.hosts.lab import on


@pytest.fixture
def site() -> Iterator[Site]:
    """A host with a builder, whose disk can be full."""
    made = Site(OLDER_ENGINE)
    made.make()
    provisioned(made.name, concerns=WITH_BUILDER, daemon_options={"live-restore": True})
    yield made
    made.discard()


def test_docker_is_not_restarted_without_room_and_a_container_that_it_lost_is_made_anew(site: Site) -> None:
    before, text = process(site.name), content(site.name)
    site.bound("docker", "size")
    options = {"live-restore": True, "mtu": 1400}
    run = provision(site.name, concerns=WITH_BUILDER, daemon_options=options)
    assert run.says("/var/lib/docker has 0 KiB left: docker was not restarted")
    assert (process(site.name), content(site.name)) == (before, text)

    on(site.name, "systemctl restart docker")  # by somebody else
    site.unbound()
    assert state(site.name, BUILDER, "Running") == "true"
    assert on(site.name, "docker ps --quiet").strip() == ""
    assert builder_is_wrong(site) != []

    run = provisioned(site.name, concerns=WITH_BUILDER, daemon_options={"live-restore": True})
    assert run.says("start builder multiarch: docker shows its container as running and has lost it")
    assert builder_is_wrong(site) == []
    assert provision(site.name, concerns=WITH_BUILDER, daemon_options={"live-restore": True}).status == 0
