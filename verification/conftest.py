# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a user's own fleet: `pytest verification --ansible-inventory=INVENTORY --hosts=ansible://builders`.

docs/verification.md describes how to run them and what each means.
"""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
import typing as t
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent / ".ansible/collections"
COLLECTIONS = _CHECKOUT if _CHECKOUT.exists() else _HERE.parents[3]
sys.path.insert(0, str(COLLECTIONS))
# testinfra and we run Ansible's programs; this Python's own come first, also where its environment is not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

from ansible_collections.multiarch.builders.plugins.plugin_utils.verify import checks, result_files  # noqa: E402
from ansible_collections.multiarch.builders.verification import fleet, scheduling  # noqa: E402
from ansible_collections.multiarch.builders.verification.looking import Asked, CheckFailedError  # noqa: E402
from testinfra.host import Host  # noqa: E402

_FOLDER = "MULTIARCH_VERIFICATION_FOLDER"  # where xdist's processes find what the first one prepared
_ORDER = (
    "test_host",
    "test_emulation",
    "test_daemon",
    "test_builders",
    "test_serve",
    "test_guard",
    "test_pull",
    "test_trust",
    "test_proof",
)
_CHECKS: dict[str, list[checks.Check]] = {}
_REACHED: dict[str, Host | None] = {}
_CRASHED: list[str] = []  # what xdist says of processes that ended


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--results", metavar="DIR", help="write verification.json and verification.xml (JUnit) there")


def pytest_configure(config: pytest.Config) -> None:
    """Get the desired state of each host from Ansible, once, before any process of xdist starts."""
    if _is_worker(config) or config.option.help:
        return
    if hasattr(config.option, "maxworkerrestart"):
        # a process that replaces one that ended gets nothing to do, and xdist waits for it (LoadScopeScheduling)
        config.option.maxworkerrestart = "0"
    if config.option.results:
        _make_folder(config.option.results)
    folder = tempfile.TemporaryDirectory(prefix="mb-")  # short: paths of sockets have 104 characters
    config.add_cleanup(folder.cleanup)
    os.environ[_FOLDER] = folder.name
    try:
        fleet.write_down(Path(folder.name), config.option.ansible_inventory, _pattern(config), COLLECTIONS)
    except fleet.FleetError as exc:
        raise pytest.UsageError(str(exc)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each check for each host, and for its parameters."""
    names = [name for name in fleet.PARAMETERS if name in metafunc.fixturenames]
    rows = [(asked.host, *row) for asked in _fleet().values() for row in fleet.rows(asked, names)]
    metafunc.parametrize(["name", *names], rows, ids=["-".join(filter(None, row)) for row in rows])


@pytest.hookimpl(optionalhook=True)  # xdist may be missing
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """A host's checks in one process of xdist."""
    return scheduling.by_host(config, log, _fleet())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Inspections first, builds last."""
    items.sort(key=lambda item: _ORDER.index(item.path.stem) if item.path.stem in _ORDER else len(_ORDER))
    for item in items:
        callspec: t.Any = getattr(item, "callspec", None)
        host = callspec.params.get("name") if callspec else None
        if isinstance(host, str) and isinstance(item, pytest.Function):
            about = "-".join(filter(None, (callspec.params.get(each) for each in fleet.PARAMETERS)))
            check = item.originalname.removeprefix("test_") + (f"[{about}]" if about else "")
            item.user_properties += [("host", host), ("check", check)]


@pytest.fixture
def asked(name: str) -> Asked:
    """The desired state of the host."""
    return _fleet()[name]


@pytest.fixture
def host(name: str, asked: Asked, pytestconfig: pytest.Config) -> Host:
    """The host as root. The first check of an unreachable host fails, the others are skipped."""
    if name not in _REACHED:
        _REACHED[name] = None
        _REACHED[name] = fleet.connect(asked, _folder(), pytestconfig.option.ansible_inventory)
    found = _REACHED[name]
    if found is None:
        pytest.skip(f"{name} is unreachable")
    return found


@pytest.fixture
def asked_digest(asked: Asked, registry: str) -> str:
    """SHA-256 of the configured CA."""
    return asked.authorities[registry]


@pytest.fixture(scope="session")
def proofs(pytestconfig: pytest.Config) -> Mapping[str, dict[str, checks.Check]]:
    """{host: {name: check}} of verify-builders.yml, which runs once for all hosts and processes."""
    option = pytestconfig.option.ansible_inventory
    return fleet.prove(_folder(), option, _pattern(pytestconfig), COLLECTIONS)


@pytest.fixture
def proof(host: Host, name: str, request: pytest.FixtureRequest) -> dict[str, checks.Check]:  # noqa: ARG001
    """{name: check} of one reachable host."""
    found: dict[str, checks.Check] = request.getfixturevalue("proofs")[name]
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure is its evidence and its remedy, not a stack trace."""
    report = yield
    if call.excinfo and isinstance(call.excinfo.value, CheckFailedError):
        failure = call.excinfo.value
        report.longrepr, report.when = str(failure), "call"  # no error of the suite, whichever fixture found it
        told = (("message", failure.message), ("evidence", failure.evidence), ("remedy", failure.remedy))
        report.user_properties = [*item.user_properties, *told]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    told: dict[str, t.Any] = dict(report.user_properties)
    if "host" not in told and report.failed:  # of xdist, for a process that ended
        _CRASHED.append(str(report.longrepr))
    if "host" not in told or (report.when != "call" and report.passed):
        return
    message = str(told.get("message", ""))
    if report.skipped and isinstance(report.longrepr, tuple):
        message = str(report.longrepr[2]).removeprefix("Skipped: ")
    elif report.failed and not message:
        message = report.longreprtext
    evidence, remedy = tuple(told.get("evidence", ())), str(told.get("remedy", ""))
    check = checks.Check(told["host"], told["check"], report.outcome, message, evidence, remedy, report.duration)
    _CHECKS.setdefault(check.host, []).append(check)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    folder = session.config.option.results
    if not folder or _is_worker(session.config):
        return
    if _CRASHED or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        words = ": ".join(["the run ended before all checks were made", *_CRASHED])
        for host in _fleet():
            _CHECKS.setdefault(host, []).append(_unfinished(host, words))
    found = {host: _CHECKS[host] for host in sorted(_CHECKS)}
    result_files.write(folder, found, "verification", datetime.datetime.now(datetime.UTC))


def _unfinished(host: str, why: str) -> checks.Check:
    """What keeps a host from passing whose checks were not all made."""
    return checks.Check(host, "verification", checks.FAILED, why, remedy="Run it again")


def _make_folder(folder: str) -> None:
    """Now, not after all checks. Raises UsageError."""
    try:
        Path(folder).expanduser().mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise pytest.UsageError(f"--results={folder}: cannot be made: {exc.strerror}") from None


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _pattern(config: pytest.Config) -> str:
    parts = (config.option.hosts or fleet.GROUP).split(",")
    return ",".join(each.removeprefix("ansible://") for each in parts)


def _folder() -> Path:
    return Path(os.environ[_FOLDER])


def _fleet() -> dict[str, Asked]:
    return fleet.read(_folder())
