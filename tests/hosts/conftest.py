"""Hosts for tests that change them: never those that the scenarios of molecule keep.

Each process of pytest has a pair of hosts. Tests that share a fixture of their file stay together on one pair
(xdist's groups), all others go where there is time, and those that take longest start first.
"""

from __future__ import annotations

import os

import pytest

from tests.hosts.lab import lab

# Processes of pytest that run side by side have a pair of hosts each; set it to keep out of another's way.
PAIR = int(os.environ.get("MULTIARCH_SPARE_PAIR") or os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
# One host more, for tests that need three; they are all in one file, so that one process has it.
NODE_HOST = "spare-9"
OLDER_ENGINE, NEWER_ENGINE = f"spare-{2 * PAIR + 1}", f"spare-{2 * PAIR + 2}"

# Tests that are there for both engines run with the newer one, as tests of one engine mostly run with the older.
OLDER = "26.1"
ALL_ENGINES = os.environ.get("ENGINES") == "all"
ONE_ENGINE = "runs with Docker 28.5; with 26.1 too: make hosts ENGINES=all"
# What takes minutes, so that nothing of it is left when all else is done.
LONGEST_FIRST = ("cluster", "pull", "emulation", "flows", "running_work", "remote", "rotation", "builders", "gc")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_engines: the engines differ in what is tested, so both are always tried")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is not asked for, say what stays together, and put the longest first."""
    for item in items:
        words = item.callspec.id.split("-") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else []
        if OLDER in words and not ALL_ENGINES and not item.get_closest_marker("both_engines"):
            item.add_marker(pytest.mark.skip(reason=ONE_ENGINE))
        if shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}{OLDER if OLDER in words else ''}"))
    names = [f"test_{name}" for name in LONGEST_FIRST]
    items.sort(key=lambda item: names.index(item.path.stem) if item.path.stem in names else len(names))


def shares_a_fixture(item: pytest.Item) -> bool:
    """Whether a test uses what is made once for its file."""
    found = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009  (private, and there is no other way)
    return any(definitions[-1].scope == "module" for definitions in found.values())


@pytest.fixture(scope="session", autouse=True)
def _hosts() -> None:
    """The hosts that no test makes anew for itself, as it does its pair."""
    lab("up", "registry", "builder-1", "builder-2", "builder-3")


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


@pytest.fixture(params=[OLDER, "28.5"])
def engine(request: pytest.FixtureRequest) -> str:
    """A host as new with each of the two supported engines in turn."""
    host = {OLDER: OLDER_ENGINE, "28.5": NEWER_ENGINE}[request.param]
    lab("reset", host)
    return host
