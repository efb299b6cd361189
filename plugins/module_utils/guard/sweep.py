# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What jobs left on the host is removed: one after the other, each decided with what is there at that moment.

survey/leftovers.py decides. A container is removed by its id, then its volume, which dockerd refuses if buildx has
made another container of it meanwhile, and last the entries in users' stores.
"""

from __future__ import annotations

import json
import socket
import time
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    DONE,
    Done,
    Settings,
    Sweep,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import readers
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, NotThereError
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import container_name
from ansible_collections.multiarch.builders.plugins.module_utils.guard import clock
from ansible_collections.multiarch.builders.plugins.module_utils.guard.clock import Clock
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import now as utc
from ansible_collections.multiarch.builders.plugins.module_utils.survey import leftover_looks as looks
from ansible_collections.multiarch.builders.plugins.module_utils.survey.leftovers import (
    IMAGE,
    Disk,
    Found,
    Node,
    Outcome,
    Verdict,
    decided,
)

KEPT = "/run/multiarch-builders-guard/sweep.json"
EVERY = 900.0
"""Seconds between two sweeps."""
_LONGEST = 20.0  # seconds of one sweep; the next goes on
_PATIENCE = 30.0  # seconds that dockerd may take to remove something; it goes on by itself
_SHOWN = 50  # the most names in the record
_READER = "an interrupted run read an image by it; it never ran"
Say = t.Callable[[str], None]


@dataclass(frozen=True)
class Memory:
    """What one sweep leaves to the next: when it is *due*, by the monotonic clock, and since when *images* dangle.

    *clock* is what it saw of the host's.
    """

    due: float = 0.0
    images: t.Mapping[str, int] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)


def is_due() -> bool:
    """Whether it is time for a sweep."""
    return time.monotonic() >= _memory().due


def _memory() -> Memory:
    try:
        found = json.loads(look.text(KEPT) or "{}")
        images = {str(name): int(each) for name, each in found["images"].items()}
        seen = Clock(*(None if each is None else float(each) for each in found.get("clock", ())))
        return Memory(float(found.get("due", 0)), images, seen)
    except (ValueError, TypeError, AttributeError, KeyError):  # none yet, or of another version
        return Memory()


def _remember(memory: Memory) -> None:
    content = {"due": memory.due, "images": dict(memory.images), "clock": [memory.clock.lead, memory.clock.set]}
    files.write(WriteFile(KEPT, json.dumps(content), mode=0o600))


def sweep(settings: Settings, docker: Docker, say: Say, meanwhile: t.Callable[[], object]) -> None:
    """Remove what is to be removed, or only say what that is (dry run); *meanwhile* is called before each removal.

    Raises HostError with the first failure, after all else was tried.
    """
    if not docker.answers():
        return
    memory = _memory()
    sweeper = Sweeper(settings, docker, say, meanwhile, time.monotonic() + _LONGEST, memory.images, memory.clock)
    if sweeper.rules.dry_run:
        sweeper.say_what_would_go()
    else:
        DONE.update(lambda done: replace(done, would={}, kept={}))
        sweeper.remove_readers()
        sweeper.remove_all()
    over = time.monotonic() > sweeper.end  # there may be more
    _remember(Memory(0.0 if over else time.monotonic() + EVERY, sweeper.images, sweeper.clock))
    if sweeper.failures:
        raise HostError(sweeper.failures[0])


@dataclass
class Sweeper:
    """One sweep of a host, which ends some time after *end*; *failures* are what could not be removed, and why."""

    settings: Settings
    docker: Docker
    say: Say
    meanwhile: t.Callable[[], object]
    end: float
    images: t.Mapping[str, int]
    clock: Clock
    failures: t.List[str] = field(default_factory=list)

    @property
    def rules(self) -> Sweep:
        return self.settings.sweep or Sweep()

    def say_what_would_go(self) -> None:
        """Record it, and say what is new in it."""
        found = looks.closely(self._look(), self.rules, self.docker)
        goes = {f"container {each.name}": _READER for each in readers.left(self.docker)}
        kept: t.Dict[str, str] = {}
        for each in decided(found, self.rules):
            (kept if each.outcome is Outcome.STAYS else goes)[each.key] = each.why
        before = DONE.read().would
        for key in sorted(set(goes) - set(before)):
            self.say(f"would remove {key}: {goes[key]} (dry run)")
        DONE.update(lambda done: replace(done, would=_first(goes), kept=_first(kept)))

    def remove_readers(self) -> None:
        """Those of killed runs: the lock, which the guard holds, says that no run uses one."""
        for each in readers.left(self.docker):
            try:
                readers.remove(each.id, self.docker)
            except HostError as exc:
                self.failures.append(f"container {each.name} cannot be removed: {exc}")
            else:
                self.say(f"removed container {each.name}: {_READER}")

    def remove_all(self) -> None:
        """Remove one after the other, each after a new look at all."""
        tried: t.Set[str] = set()
        while time.monotonic() <= self.end:
            self.meanwhile()
            found = self._look()
            verdict = _next(found, self.rules, self.docker, tried)
            if verdict is None:
                break
            try:
                self._remove(verdict, found)
            except HostError as exc:
                self.failures.append(f"{verdict.key} cannot be removed: {exc}")
        count, words = len(self.failures), "; ".join(self.failures)
        DONE.update(lambda done: replace(done, sweep_failures=done.sweep_failures + count, sweep_failure=words))

    def _look(self) -> Found:
        found, self.clock = _observed(self.docker, self.settings, Memory(0.0, self.images, self.clock))
        self.images = {each.id: each.since for each in found.images}
        return found

    def _remove(self, verdict: Verdict, found: Found) -> None:
        """Remove it, and record that."""
        disk = found.image_disk if verdict.kind == IMAGE else found.disk
        name = "docker" if disk == found.disk else "containerd"
        try:
            if verdict.kind == IMAGE:
                self.docker.delete(f"/images/{verdict.id}", _PATIENCE)
            else:
                _remove_builder(verdict, self.docker)
        except NotThereError:
            return  # a job was faster
        except HostError as exc:
            if not isinstance(exc.__cause__, socket.timeout):
                raise
            self.say(f"dockerd needs more than {_PATIENCE:.0f} s for {verdict.key}, and goes on with it")
        freed = _freed(disk)
        self.say(f"removed {verdict.key}: {verdict.why}; {human_size.shown(freed)} freed")
        DONE.update(lambda done: _counted(done, verdict, name, freed))


def _observed(docker: Docker, settings: Settings, memory: Memory) -> t.Tuple[Found, Clock]:
    """All that decides, and what was seen of the clock."""
    found, boot = looks.observe(docker, settings, memory.images), clock.since_boot()
    seen = clock.seen(memory.clock, time.time(), boot)
    return replace(found, even_for=clock.even_for(seen, boot)), seen


def _next(found: Found, rules: Sweep, docker: Docker, tried: t.Set[str]) -> t.Optional[Verdict]:
    """The first that is to be removed, once it was looked into, and is not in *tried*."""
    for each in decided(found, rules):
        if each.key in tried or each.outcome is Outcome.STAYS:
            continue
        tried.add(each.key)
        looked = decided(looks.closely(found, rules, docker, each.key), rules)
        verdict = next(one for one in looked if one.key == each.key)
        if verdict.outcome is Outcome.GOES:
            return verdict
    return None


def _freed(before: t.Optional[Disk]) -> int:
    """How much more is free now; other processes' writes count, too."""
    after = looks.disk(before.path) if before else None
    return max(0, after.free - before.free) if before and after else 0


def _counted(done: Done, verdict: Verdict, disk: str, freed: int) -> Done:
    swept = {verdict.key: verdict.why, **{key: why for key, why in done.swept.items() if key != verdict.key}}
    return replace(
        done,
        removed={**done.removed, verdict.kind: done.removed.get(verdict.kind, 0) + 1},
        freed={**done.freed, disk: done.freed.get(disk, 0) + freed},
        last_sweep=utc(),
        swept=_first(swept),
    )


def _first(found: t.Mapping[str, str]) -> t.Dict[str, str]:
    return dict(list(found.items())[:_SHOWN])


def _remove_builder(verdict: Verdict, docker: Docker) -> None:
    for node in verdict.nodes:
        _remove_node(node, docker)
    for entry in verdict.entries:
        with store.locked(entry.user):
            gone = all(docker.find(f"/containers/{container_name(node)}/json") is None for node in entry.nodes or ())
            if gone and looks.last_change(entry.user, entry.builder) == entry.used:  # else it was used meanwhile
                store.drop(entry.user, entry.builder)


def _remove_node(node: Node, docker: Docker) -> None:
    paths = (f"/containers/{node.container}?force=1" if node.container else "", f"/volumes/{node.volume}")
    for path in filter(None, paths):
        try:
            docker.delete(path, _PATIENCE)
        except NotThereError:
            continue


def shown(settings: Settings, docker: Docker) -> t.Iterator[str]:
    """The lines of a dry run for people: what would be removed, and what would not. Raises HostError."""
    if settings.sweep is None:
        yield "builder_guard_options.sweep is not set: nothing is swept. With its defaults:"
    rules = settings.sweep or Sweep()
    if not docker.answers():
        raise HostError("dockerd does not run")
    found = looks.closely(_observed(docker, settings, _memory())[0], rules, docker)
    disks = {each.path: each for each in (found.disk, found.image_disk) if each}
    for disk in disks.values():
        yield f"{disk.path}: {human_size.shown(disk.free)} of {human_size.shown(disk.size)} are free"
    for reader in readers.left(docker):
        yield f"remove container {reader.name}, unless a run uses it now: {_READER}"
    for each in decided(found, rules):
        yield f"{'keep  ' if each.outcome is Outcome.STAYS else 'remove'} {each.key}: {each.why}"
