"""Hosts for tests that change them: never those that the scenarios of molecule keep."""

from __future__ import annotations

import os

import pytest

from tests.hosts.lab import lab

# Processes of pytest that run side by side have a pair of hosts each; set it to keep out of another's way.
PAIR = int(os.environ.get("MULTIARCH_SPARE_PAIR") or os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
# One host more, for tests that need three; they are all in one file, so that one process has it.
NODE_HOST = "spare-9"
OLDER_ENGINE, NEWER_ENGINE = f"spare-{2 * PAIR + 1}", f"spare-{2 * PAIR + 2}"


@pytest.fixture(scope="session", autouse=True)
def _hosts() -> None:
    """The hosts that start only when named."""
    lab("up", "registry", "builder-1", "builder-2", "builder-3", OLDER_ENGINE, NEWER_ENGINE)


@pytest.fixture
def spare() -> str:
    """A host as new: Debian 13 with Docker 26.1, nothing provisioned."""
    lab("reset", OLDER_ENGINE)
    return OLDER_ENGINE


@pytest.fixture
def newer() -> str:
    """The same with Debian testing and Docker 28.5."""
    lab("reset", NEWER_ENGINE)
    return NEWER_ENGINE


@pytest.fixture(params=["26.1", "28.5"])
def engine(request: pytest.FixtureRequest) -> str:
    """A host as new with each of the two supported engines in turn."""
    host = {"26.1": OLDER_ENGINE, "28.5": NEWER_ENGINE}[request.param]
    lab("reset", host)
    return host
