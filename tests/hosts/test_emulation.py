"""Emulation that lasts: handlers that are there after whatever happens to a host."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.emulation import HANDLERS, PACKAGE, handler, provision, require_emulation
from tests.hosts.lab import lab, on


@pytest.fixture(scope="module")
def provisioned() -> str:
    lab("reset", OLDER_ENGINE)
    run = provision(OLDER_ENGINE)
    assert run.status == 0, run.output
    return OLDER_ENGINE


@pytest.mark.parametrize("name", HANDLERS)
def test_handlers_are_enabled_and_fixed(provisioned: str, name: str) -> None:
    found = handler(provisioned, name)
    assert found["state"] == "enabled"
    assert "F" in found["flags"]


def test_programs_of_all_platforms_run(provisioned: str) -> None:
    require_emulation(provisioned)


def reboot(script: str = "true") -> None:
    on(OLDER_ENGINE, script)
    lab("reboot", OLDER_ENGINE)


# The last one takes Docker away, for good.
EVENTS: dict[str, Callable[[], object]] = {
    "a reboot": reboot,
    "docker system prune and a reboot": lambda: reboot("docker system prune -af"),
    "a restart of systemd-binfmt": lambda: on(OLDER_ENGINE, "systemctl restart systemd-binfmt"),
    "a package that touches binfmt.d, installed": lambda: on(OLDER_ENGINE, PACKAGE),
    "that package removed": lambda: on(OLDER_ENGINE, "apt-get -qq purge --yes qemu-user-binfmt >/dev/null 2>&1"),
    "dockerd stopped and removed": lambda: on(
        OLDER_ENGINE,
        "systemctl stop docker docker.socket; apt-get -qq purge --yes docker.io >/dev/null 2>&1; ! command -v dockerd;"
        "systemctl restart systemd-binfmt",
    ),
}


@pytest.mark.parametrize("event", EVENTS)
def test_emulation_is_there_after(provisioned: str, event: str) -> None:
    EVENTS[event]()
    require_emulation(provisioned)
    for name in HANDLERS:
        assert handler(provisioned, name)["interpreter"].startswith("/usr/local/lib/multiarch-builders/"), name
