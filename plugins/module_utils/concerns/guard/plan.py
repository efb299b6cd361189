# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of the guard. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.installed import (
    PROGRAM,
    PYTHON,
    TIMER,
    units,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Done, Settings, Sweep
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.duration import duration
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Kind,
    Note,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile

_SWEEP = "builder_guard_options.sweep"
_PLAIN = re.compile(r"/[\w./-]+")  # paths that a unit has as they are; others' stores are left alone


@dataclass(frozen=True)
class GuardState:
    """The guard on the host: SHA-256 of its *program*, texts of its *units* by path, its *settings*, each if there.

    *runs* says whether its timer runs, now and after a reboot; *python*, whether the program can be started. *folder*
    says whether that of the configured metrics exists. *disks* are those of Settings, as found; *stores* are the
    folders of all users' stores.
    """

    program: t.Optional[str] = None
    units: t.Mapping[str, str] = field(default_factory=dict)
    settings: t.Optional[Settings] = None
    runs: bool = False
    python: bool = True
    folder: bool = True
    disks: t.Mapping[str, str] = field(default_factory=dict)
    stores: t.Tuple[str, ...] = ()
    done: Done = field(default_factory=Done)


@dataclass(frozen=True)
class InstallProgram:
    """The step that installs the program."""


@dataclass(frozen=True)
class KeepSettings:
    """The step that records *settings*, which the program reads."""

    settings: Settings


@dataclass(frozen=True)
class StartTimer:
    """The step that starts the timer, now and at each boot."""


def planned(program: str, settings: Settings, state: GuardState) -> Plan:
    """The plan of a guard with this *program* (SHA-256) and *settings*. Raises HostError."""
    if not state.python:
        raise HostError(f"builder_guard: its program needs {PYTHON}, which is not on this host: install python3")
    known = {**(state.settings.disks if state.settings else {}), **state.disks}
    settings = replace(settings, disks=known, stores=_stores(settings, state))
    actions = []
    if state.program != program:
        verb = "install" if state.program is None else "update"
        actions.append(Action(f"{verb} {PROGRAM}, which looks after the builders", InstallProgram()))
    if state.settings != settings:
        actions += _settings(settings, state.settings)
    changed = [_unit(path, text, state) for path, text in units(settings.metrics, settings.stores).items()]
    actions += filter(None, changed)
    if any(changed) or not state.runs:
        actions.append(Action(f"start {TIMER}, now and at each boot", StartTimer()))
    return Plan(tuple(actions), tuple(_notes(settings, state)), _facts(settings, state))


def _stores(settings: Settings, state: GuardState) -> t.Tuple[str, ...]:
    """The stores from which something is to be removed: without patterns nothing is, whatever else is swept."""
    if settings.sweep is None or not settings.sweep.patterns:
        return ()
    return tuple(each for each in sorted(state.stores) if _PLAIN.fullmatch(each))


def _settings(settings: Settings, former: t.Optional[Settings]) -> t.Iterator[Action]:
    before, after = (_shown(each) if each else "" for each in (former, settings))
    difference = Difference("settings of the guard", before, after)
    if former and former.metrics and former.metrics != settings.metrics:  # first, as only the settings name it
        yield Action(f"remove {former.metrics}, the former file of metrics", RemoveFile(former.metrics))
    yield Action("set what the guard writes, and its limits", KeepSettings(settings), difference=difference)


def _shown(settings: Settings) -> str:
    rows = [f"disk of {name}: {path}" for name, path in sorted(settings.disks.items())]
    rows += [f"{each.kind} of {each.registry}, {each.subject}: {each.ends}" for each in settings.certificates]
    rows += [f"store: {each}" for each in settings.stores]
    rows += [f"node of the inventory, which is kept: {each}" for each in settings.nodes]
    limits = [f"metrics: {settings.metrics or 'none'}", f"heals_per_hour: {settings.heals_per_hour}"]
    return "\n".join([*limits, f"sweep: {_sweep(settings.sweep)}", *rows, ""])


def _sweep(sweep: t.Optional[Sweep]) -> str:
    """What is swept, in one line."""
    if sweep is None:
        return "off"
    parts = [f"what was unused for {duration(sweep.after)}"]
    if sweep.free or sweep.share:
        size = f"{sweep.share}%" if sweep.share else human_size.shown(sweep.free)
        parts.append(f"while less than {size} of its disk is free")
    lists = {"also in stores": sweep.patterns, "never": sweep.keep}
    parts += [f"{name}: {', '.join(each)}" for name, each in lists.items() if each]
    parts += ["no images"] if not sweep.images else []
    return "; ".join([*parts, *(["dry run"] if sweep.dry_run else [])])


def _unit(path: str, text: str, state: GuardState) -> t.Optional[Action]:
    former = state.units.get(path)
    if former == text:
        return None
    return Action(f"write {path}", WriteFile(path, text), difference=Difference(path, former or "", text))


def _notes(settings: Settings, state: GuardState) -> t.Iterator[Note]:
    if settings.metrics and not state.folder:
        folder = settings.metrics.rpartition("/")[0]
        yield Note(
            Kind.LIMIT,
            f"no metrics are written, as {folder} is missing: install node-exporter, set "
            "builder_guard_options.metrics to a file that it reads, or to '' for none",
        )
    if state.done.limited:
        yield Note(
            Kind.LIMIT,
            f"the guard has waited since {state.done.limited} before it registers {', '.join(state.done.healed)} again:"
            f" handlers are removed or replaced more than {settings.heals_per_hour} times an hour. Find out what does "
            "it, such as a job with docker/setup-qemu-action and `reset`",
        )
    if settings.sweep is not None:
        yield from _notes_on_sweep(state.done)


def _notes_on_sweep(done: Done) -> t.Iterator[Note]:
    if done.would:
        told = "; ".join(f"{name} ({why})" for name, why in done.would.items())
        yield Note(Kind.LEFT_ALONE, f"the guard would remove: {told}. It does so without {_SWEEP}.dry_run")
    if done.kept:
        told = "; ".join(f"{name} ({why})" for name, why in done.kept.items())
        yield Note(Kind.LEFT_ALONE, f"the guard would keep: {told}")
    if done.sweep_failure:
        yield Note(Kind.LIMIT, f"the guard's last sweep failed: {done.sweep_failure}")


def _facts(settings: Settings, state: GuardState) -> t.Dict[str, t.Any]:
    done = state.done
    return {
        "running": state.runs,
        "heals": sum(done.heals.values()),
        "last_heal": done.last_heal or None,
        "healed": list(done.healed),
        "limited": done.limited or None,
        "failure": done.failure or None,
        "metrics": settings.metrics if settings.metrics and state.folder else None,
        "sweep": _sweep(settings.sweep) if settings.sweep else None,
        "removed": sum(done.removed.values()),
        "freed": sum(done.freed.values()),
        "last_sweep": done.last_sweep or None,
        "swept": [f"{name}: {why}" for name, why in done.swept.items()],
        "sweep_failure": done.sweep_failure or None,
    }
