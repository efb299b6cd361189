"""Hosts for tests that change them: never those that the scenarios of molecule keep.

Each process of pytest has a pair of hosts. Tests that share a fixture of their file stay together on one pair, all
others go where there is time, and those that take longest start first.
"""

from __future__ import annotations

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

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
TAKES_LONG = "takes minutes: make hosts ENGINES=all"
# What takes minutes, so that nothing of it is left when all else is done.
LONGEST_FIRST = (
    *(
        "drift",
        "in_the_wild",
        "pull",
        "cluster",
        "flows",
        "builders",
        "verification",
        "running_work",
        "engine",
        "engine_docker",
        "remote",
        "buildbot",
        "serve",
        "default_network",
        "flows_image_store",
    ),
    *(
        "campaign",
        "retire",
        "rotation",
        "inherit",
        "image_store",
        "fleet",
        "gc",
        "security",
        "login_proof",
        "emulation_changes",
        "registry_proof",
    ),
    *("onboarding", "data_roots", "killed", "full_disk", "network", "daemon_restart", "mirrors", "login", "emulation"),
    *("proofs", "native_nodes"),
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_engines: the engines differ in what is tested, so both are always tried")
    config.addinivalue_line("markers", "thorough: takes minutes and shows what other tests do, too, so seldom tried")


def engine_of(nodeid: str) -> str:
    """The older engine if this test is the one of two that runs with it, else nothing."""
    return OLDER if OLDER in nodeid.partition("[")[2].rstrip("]").split("-") else ""


@pytest.hookimpl(tryfirst=True)  # before any fixture makes a host
def pytest_runtest_setup(item: pytest.Item) -> None:
    if engine_of(item.nodeid) and not ALL_ENGINES and not item.get_closest_marker("both_engines"):
        pytest.skip(ONE_ENGINE)
    if item.get_closest_marker("thorough") and not ALL_ENGINES:
        pytest.skip(TAKES_LONG)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first."""
    names = [f"test_{name}" for name in LONGEST_FIRST]
    items.sort(key=lambda item: names.index(item.path.stem) if item.path.stem in names else len(names))


class Together(LoadScopeScheduling):  # type: ignore[misc]  # which has no types
    """What one process runs as a whole: tests that share a fixture of their file, with one engine; else a single test.

    Not `--dist=loadgroup`, which with pytest 9.2 groups nothing: github.com/pytest-dev/pytest-xdist/issues/1386.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        shares = 'scope="module"' in (self.config.rootpath / file).read_text()
        return f"{file} {engine_of(nodeid)}" if shares else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)


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
