# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard on a host: what is planned, installed and removed; a script stands in for systemctl."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import (
    PATHS,
    PROGRAM,
    PYTHON,
    RUN,
    SERVICE,
    TIMER,
    units,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.plan import (
    GuardState,
    InstallProgram,
    KeepSettings,
    StartTimer,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    DONE,
    RECORD,
    Certificate,
    Done,
    Settings,
    Sweep,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.resource import Guard
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.retired import RetiredGuard
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import watching
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS, Kind, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.trace.recorder import Recorder

METRICS = "/var/lib/node_exporter/builders.prom"
SETTINGS = Settings(METRICS, 12, (Certificate("harbor.example.com", "ca", "CN=CA", "ab", 2_000_000_000),))
CONTENT = b"of this test"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
INSTALLED = GuardState(DIGEST, units(METRICS), SETTINGS, runs=True)
OTHER = "/etc/node/b.prom"
RUNS = "echo ActiveState=active; echo UnitFileState=enabled"


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        pytest.param(INSTALLED, [], id="installed"),
        pytest.param(GuardState(), [InstallProgram, KeepSettings, WriteFile, WriteFile, StartTimer], id="new"),
        pytest.param(replace(INSTALLED, program="another"), [InstallProgram], id="another version"),
        pytest.param(replace(INSTALLED, runs=False), [StartTimer], id="stopped"),
        pytest.param(
            replace(INSTALLED, units={**units(METRICS), PATHS[1]: "changed"}),
            [WriteFile, StartTimer],
            id="changed unit",
        ),
        pytest.param(
            replace(INSTALLED, settings=replace(SETTINGS, metrics=OTHER), units=units(OTHER)),
            [RemoveFile, KeepSettings, WriteFile, StartTimer],
            id="another file of metrics",
        ),
        pytest.param(replace(INSTALLED, disks={"docker": "/srv"}), [KeepSettings], id="docker has moved"),
        pytest.param(
            replace(INSTALLED, settings=replace(SETTINGS, disks={"docker": "/srv"})), [], id="docker does not answer"
        ),
        pytest.param(replace(INSTALLED, stores=("/home/ci/.docker/buildx",)), [], id="stores that are not swept"),
    ],
)
def test_what_is_planned(state: GuardState, steps: list[type]) -> None:
    assert [type(action.step) for action in planned(DIGEST, SETTINGS, state).actions] == steps


@pytest.mark.parametrize(
    ("state", "notes"),
    [
        pytest.param(INSTALLED, [], id="all is well"),
        pytest.param(
            replace(INSTALLED, folder=False),
            ["no metrics are written, as /var/lib/node_exporter is missing"],
            id="folder",
        ),
        pytest.param(
            replace(INSTALLED, done=Done(limited="2026-11-21T11:30:59Z", healed=("qemu-arm",))),
            ["the guard has waited since 2026-11-21T11:30:59Z before it registers qemu-arm again"],
            id="limited",
        ),
    ],
)
def test_what_is_noted(state: GuardState, notes: list[str]) -> None:
    found = planned(DIGEST, SETTINGS, state).notes
    assert {each.kind for each in found} <= {Kind.LIMIT}
    assert [each.text[: len(start)] for each, start in zip(found, notes)] == notes
    assert len(found) == len(notes)


STORES = ("/home/ci/.docker/buildx", "/home/a b/.docker/buildx")


def test_the_guard_may_write_to_the_stores_from_which_it_removes() -> None:
    state = replace(INSTALLED, stores=STORES)
    assert planned(DIGEST, replace(SETTINGS, sweep=Sweep()), state).actions[0].step == KeepSettings(
        replace(SETTINGS, sweep=Sweep())
    )
    wanted = replace(SETTINGS, sweep=Sweep(patterns=("builder-*",)))
    keep, write, start = planned(DIGEST, wanted, state).actions
    assert keep.step == KeepSettings(replace(wanted, stores=STORES[:1]))
    assert keep.difference is not None
    assert "sweep: what was unused for 24 h; also in stores: builder-*\n" in keep.difference.after
    assert isinstance(write.step, WriteFile)
    assert " -/var/lib/node_exporter -/home/ci/.docker/buildx\n" in write.step.content
    assert isinstance(start.step, StartTimer)


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        (None, "off"),
        (
            Sweep(90, share=20, keep=("a", "b")),
            "what was unused for 90 s; while less than 20% of its disk is free; never: a, b",
        ),
        (
            Sweep(3600, free=5 * 10**9, images=False, dry_run=True),
            "what was unused for 1 h; while less than 5.0 GB of its disk is free; no images; dry run",
        ),
    ],
)
def test_the_diff_says_what_is_swept(sweep: Sweep | None, words: str) -> None:
    (action,) = planned(DIGEST, replace(SETTINGS, sweep=sweep, heals_per_hour=1), INSTALLED).actions
    assert action.difference is not None
    assert f"\nsweep: {words}\n" in action.difference.after


@pytest.mark.parametrize(
    ("done", "notes"),
    [
        pytest.param(Done(removed={"builder": 1}, swept={"builder a": "old"}), [], id="it did something"),
        pytest.param(
            Done(would={"builder a": "old", "image b": "older"}, kept={"builder c": "busy"}),
            [
                "the guard would remove: builder a (old); image b (older). It does so without "
                "builder_guard_options.sweep.dry_run",
                "the guard would keep: builder c (busy)",
            ],
            id="dry run",
        ),
        pytest.param(Done(sweep_failure="why"), ["the guard's last sweep failed: why"], id="it failed"),
    ],
)
def test_what_a_sweep_is_noted_for(done: Done, notes: list[str]) -> None:
    state = replace(INSTALLED, done=done)
    assert [each.text for each in planned(DIGEST, replace(SETTINGS, sweep=Sweep()), state).notes] == notes
    assert planned(DIGEST, SETTINGS, state).notes == ()


def test_without_python_there_is_no_guard() -> None:
    with pytest.raises(HostError, match="install python3"):
        planned(DIGEST, SETTINGS, replace(INSTALLED, python=False))


def test_the_unit_may_write_where_metrics_go_only() -> None:
    (line,) = (each for each in units(METRICS)[PATHS[1]].splitlines() if each.startswith("ReadWritePaths="))
    assert line.endswith(" -/var/lib/node_exporter")
    assert "node_exporter" not in units("")[PATHS[1]]


@pytest.fixture
def host(programs: Callable[[str, str], Path]) -> Path:
    """A host with Python, systemd and node-exporter; the file of calls of systemctl."""
    for path in (PYTHON, METRICS, "/run/uploaded"):
        at(path).parent.mkdir(parents=True, exist_ok=True)
    at(PYTHON).touch()
    at("/run/uploaded").write_bytes(CONTENT)
    return programs("systemctl", RUNS)


def guard(**more: t.Any) -> Guard:
    return Guard(SETTINGS, DIGEST, "/run/uploaded", **more)


def applied(concern: t.Any) -> list[str]:
    plan = concern.plan(concern.observe(), NO_EFFECTS)
    concern.apply(plan.actions)
    assert concern.plan(concern.observe(), NO_EFFECTS).actions == ()
    return [action.summary for action in plan.actions]


def test_it_is_installed_and_leaves_no_trace(host: Path, tmp_path: Path) -> None:
    before = {each for each in tmp_path.rglob("*") if each != host}
    assert len(applied(guard())) == 5
    assert at(PROGRAM).read_bytes() == CONTENT
    assert RECORD.read() == SETTINGS
    assert [line for line in host.read_text().splitlines() if not line.startswith("show")] == [
        "daemon-reload",
        f"enable {TIMER}",
        f"restart {TIMER}",
    ]
    DONE.put(Done(failures=1))
    for path in (METRICS, f"{RUN}/seen"):
        at(path).parent.mkdir(exist_ok=True)
        at(path).touch()
    host.unlink()
    (told,) = applied(Guard())
    assert told.startswith(f"stop {TIMER}, and remove ")
    assert host.read_text().splitlines()[0] == f"disable --now {TIMER}"
    left = {each for each in tmp_path.rglob("*") if each.is_file()} - before - {host}
    assert left == set()
    assert not at(RUN).exists()
    assert RetiredGuard().plan(RetiredGuard().observe(), NO_EFFECTS) == Plan()


@pytest.mark.parametrize(
    ("gone", "calls"),
    [(PATHS[0], [f"stop {TIMER}", f"stop {SERVICE}"]), (PATHS[1], [f"disable --now {TIMER}", f"stop {SERVICE}"])],
)
def test_what_runs_without_its_unit_is_stopped_too(gone: str, calls: list[str], host: Path) -> None:
    applied(guard())
    at(gone).unlink()
    host.unlink()
    applied(Guard())
    assert host.read_text().splitlines()[:2] == calls


def test_what_is_not_asked_for_and_not_there_is_nothing_to_do(host: Path) -> None:
    assert Guard().plan(Guard().observe(), NO_EFFECTS) == Plan()
    assert not host.exists(), "systemctl is not started for that"


@pytest.mark.parametrize(
    "answer",
    [
        "echo ActiveState=inactive; echo UnitFileState=enabled",
        "echo ActiveState=active",
        f"{RUNS}; echo NeedDaemonReload=yes",
        f"{RUNS}; case $* in *{SERVICE}*) echo NeedDaemonReload=yes;; esac",
    ],
)
def test_a_timer_that_does_not_run_now_or_at_boot_is_started(
    answer: str, host: Path, programs: Callable[[str, str], Path]
) -> None:
    applied(guard())
    (host.parent / "programs/systemctl").unlink()
    programs("systemctl", answer)
    plan = guard().plan(guard().observe(), NO_EFFECTS)
    assert [type(action.step) for action in plan.actions] == [StartTimer]


def test_a_run_of_the_guard_changes_nothing_that_a_plan_looks_at(
    host: Path, programs: Callable[[str, str], Path]
) -> None:
    applied(guard())
    found = []
    for state in ("inactive", "activating", "failed"):
        (host.parent / "programs/systemctl").unlink()
        services = f"*ActiveState*{SERVICE}*) echo ActiveState={state};;"
        programs("systemctl", f"case $* in {services} esac; case $* in *{TIMER}*) {RUNS};; esac")
        recorder = Recorder()
        with watching(recorder):
            assert guard().plan(guard().observe(), NO_EFFECTS).actions == ()
        found.append(recorder.looks())
    assert found[0] == found[1] == found[2]


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(("program", "words"), [(b"other bytes", "was changed on its way"), (None, "was not uploaded")])
def test_a_program_that_did_not_arrive_is_not_installed(program: bytes | None, words: str) -> None:
    if program is None:
        at("/run/uploaded").unlink()
    else:
        at("/run/uploaded").write_bytes(program)
    with pytest.raises(HostError, match=words):
        guard().apply(guard().plan(guard().observe(), NO_EFFECTS).actions)
    assert not at(PROGRAM).exists()


@pytest.mark.usefixtures("host")
def test_a_program_that_others_may_write_is_installed_again() -> None:
    applied(guard())
    at(PROGRAM).chmod(0o666)
    not_uploaded = replace(guard(), source=None)
    assert applied(not_uploaded) == [f"install {PROGRAM}, which looks after the builders"]
    assert at(PROGRAM).stat().st_mode & 0o777 == 0o644


def test_the_options_of_the_module() -> None:
    options = {"metrics": METRICS, "heals_per_hour": 12, "program": DIGEST, "src": "/run/uploaded"}
    rows = [
        {"registry": "harbor.example.com", "kind": "ca", "subject": "CN=CA", "fingerprint": "ab", "ends": 2 * 10**9}
    ]
    found = Guard.from_params(
        {"guard": True, "guard_options": {**options, "certificates": rows}}, t.cast("t.Any", None)
    )
    assert found == guard()
    given = {"after": 86400, "free": "20%", "patterns": ["a*"], "keep": [], "images": True, "dry_run": False}
    for free, expected in (("20%", Sweep(share=20, patterns=("a*",))), ("7", Sweep(free=7, patterns=("a*",)))):
        swept = {**options, "sweep": {**given, "free": free}, "nodes": ["arm-1"]}
        found = Guard.from_params({"guard": True, "guard_options": swept}, t.cast("t.Any", None))
        assert found.settings == Settings(METRICS, sweep=expected, nodes=("arm-1",))
    assert Guard.from_params({"guard": False, "guard_options": {}}, t.cast("t.Any", None)) == Guard()
