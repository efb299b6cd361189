"""Hosts for tests that change them: never those that the scenarios of molecule keep."""

from __future__ import annotations

import pytest

from tests.hosts.lab import lab


@pytest.fixture(scope="session", autouse=True)
def _hosts() -> None:
    """The hosts that start only when named."""
    lab("up", "registry", "builder-1", "builder-2", "builder-3", "spare-1", "spare-2", "old-1", "bare-1")


@pytest.fixture
def spare() -> str:
    """A host as new: Debian 13 with Docker, nothing provisioned."""
    lab("reset", "spare-1")
    return "spare-1"
