# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host in numbers, for Prometheus."""

from __future__ import annotations

import calendar
import contextlib
import json
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import catching, is_ours
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD as HANDLERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import Done, Settings
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.guard import builders
from ansible_collections.multiarch.builders.plugins.module_utils.guard.metrics import Metric, Sample, rendered
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of
from ansible_collections.multiarch.builders.plugins.module_utils.proof.results import BUILD, REGISTRY
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile
from ansible_collections.multiarch.builders.plugins.module_utils.survey import machine
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay

_PROOFS: t.Mapping[str, RecordFile[t.Any]] = {"builds": BUILD, "trust": REGISTRY}
_KINDS = ("builder", "image")  # survey/leftovers.py, which only a sweep imports
Found = t.Iterator[Metric]


def text(settings: Settings, done: Done) -> str:
    """The content of the file. What cannot be observed is omitted."""
    docker = Docker(planning=True)
    groups: t.Tuple[t.Callable[[], Found], ...] = (
        _of_handlers,
        lambda: of_nodes(builders.nodes(docker)),
        lambda: _of_docker(docker),
        lambda: _of_disks(settings),
        lambda: of_certificates(settings),
        _of_drift,
        _of_proofs,
        lambda: of_guard(done, time.time()),
        lambda: of_sweep(done) if settings.sweep else iter(()),
    )
    found: t.List[Metric] = []
    for group in groups:
        with contextlib.suppress(HostError, OSError):
            found += group()
    return rendered(found)


def _of_handlers() -> Found:
    yield from of_handlers(kernel.handlers(), HANDLERS.read().handlers)
    switch = "Whether the switch of all handlers, /proc/sys/fs/binfmt_misc/status, is on."
    yield Metric("emulation_enabled", switch, (({}, kernel.is_on()),))


def of_handlers(handlers: t.Mapping[str, Handler], owned: t.Container[str]) -> Found:
    """One sample for each managed handler, and for each foreign one in its place. Pure."""
    samples: t.List[Sample] = []
    for fmt in FORMATS.values():
        found = catching(fmt, handlers)
        works = found is not None and found.enabled and found.fixed and found.serves(fmt)
        ours = found is not None and is_ours(found)
        labels = {"platform": f"linux/{fmt.architecture}", "handler": found.name if found else fmt.handler}
        if ours or fmt.handler in owned:
            managed = {**labels, "handler": fmt.handler, "owner": "managed"}
            samples.append((managed, works and ours))
        if found is not None and not ours:
            samples.append(({**labels, "owner": "foreign"}, works))
    what = "Whether the handler that runs programs of the platform in containers is registered and enabled."
    yield Metric("handler", what, tuple(samples))


def of_nodes(nodes: t.Iterable[builders.Node]) -> Found:
    """State, history and cache of builders' nodes. Pure."""
    states: t.List[Sample] = []
    builds: t.List[Sample] = []
    steps: t.List[Sample] = []
    caches: t.List[Sample] = []
    for node in nodes:
        labels = {"builder": node.builder, "node": node.name}
        states += (({**labels, "state": each}, each == node.state) for each in builders.STATES)
        found = node.history
        if found is not None:
            counts = {"running": found.running, "succeeded": found.succeeded, "failed": found.failed}
            builds += (({**labels, "state": state}, count) for state, count in counts.items())
            results = {"cached": found.cached, "all": found.steps}
            steps += (({**labels, "result": result}, count) for result, count in results.items())
            if found.cache is not None:
                caches.append((labels, found.cache))
    yield Metric("node_state", "Whether the node of a builder is in the state.", tuple(states))
    yield Metric("builds", "Builds in BuildKit's history, which forgets old ones.", tuple(builds))
    yield Metric("build_steps", "Completed steps of the builds in BuildKit's history.", tuple(steps))
    yield Metric("cache_bytes", "Size of the build cache of a builder's node.", tuple(caches))


def _of_docker(docker: Docker) -> Found:
    answers = docker.answers()
    yield Metric("docker_up", "Whether dockerd answers.", (({}, answers),))
    if answers and version_of(docker.get("/version").get("ApiVersion", "")) >= machine.DF_BY_TYPE:
        size = machine.own_cache(docker)
        samples: t.Tuple[Sample, ...] = (({}, size),) if size is not None else ()
        yield Metric("docker_cache_bytes", "Size of the cache of the BuildKit in dockerd.", samples)


def _of_disks(settings: Settings) -> Found:
    folders = dict(settings.disks)
    if len(folders) > 1 and machine.is_same_disk(*folders.values()):
        folders.pop("containerd", None)
    disks = {name: machine.disk_of(path) for name, path in sorted(folders.items())}
    labels = {name: {"disk": name, "path": found["path"]} for name, found in disks.items() if found}
    for key, what in (("size", "Size of"), ("free", "Free space, for users other than root, on")):
        samples = tuple((labels[name], found[key]) for name, found in disks.items() if found)
        yield Metric(f"disk_{key}_bytes", f"{what} the file system of docker's data, and of its containerd's.", samples)


def of_certificates(settings: Settings) -> Found:
    """The ends of all certificates of the variables. Pure."""
    names = ("registry", "kind", "subject", "fingerprint")
    samples = tuple(({name: getattr(each, name) for name in names}, each.ends) for each in settings.certificates)
    yield Metric("certificate_expiry_timestamp_seconds", "When a CA or client certificate expires.", samples)


def _of_drift() -> Found:
    """By the trace of the last full plan that found nothing to do; nothing is known without one."""
    try:
        trace = json.loads(look.text(replay.PATH) or "{}")
        key, made = str(trace["key"]), float(trace["time"])
    except (ValueError, KeyError, TypeError):
        return
    differs = "result" not in replay.replay(replay.PATH, key, float("inf"))
    yield Metric(
        "drift", "Whether the host has changed since the last full plan found nothing to do.", (({}, differs),)
    )
    yield Metric("plan_timestamp_seconds", "When the last full plan found nothing to do.", (({}, int(made)),))


def _of_proofs() -> Found:
    found = {name: record.find() for name, record in _PROOFS.items()}
    made = {name: proof for name, proof in found.items() if proof is not None}
    passed: t.Tuple[Sample, ...] = tuple(({"proof": name}, proof.passed) for name, proof in made.items())
    times: t.Tuple[Sample, ...] = tuple(({"proof": name}, _seconds(proof.time)) for name, proof in made.items())
    yield Metric("proof_passed", "Whether the last proof passed.", passed)
    yield Metric("proof_timestamp_seconds", "When the last proof was made.", times)


def of_guard(done: Done, now: float) -> Found:
    """What the guard did. Pure."""
    counts: t.Tuple[Sample, ...] = tuple(({"handler": name}, count) for name, count in sorted(done.heals.items()))
    what = "How often the guard registered a handler again."
    yield Metric("guard_heals_total", what, counts)
    yield Metric("guard_heal_failures_total", "How often it could not.", (({}, done.failures),))
    limited = "Whether the guard waits, as handlers were removed or replaced too often."
    yield Metric("guard_limited", limited, (({}, bool(done.limited)),))
    yield Metric("guard_run_timestamp_seconds", "When the guard wrote this.", (({}, int(now)),))


def of_sweep(done: Done) -> Found:
    """What the guard removed, and what it would in a dry run. Pure."""
    what = "Builders and images that jobs had left and the guard removed."
    yield Metric("guard_removed_total", what, tuple(({"kind": each}, done.removed.get(each, 0)) for each in _KINDS))
    freed: t.Tuple[Sample, ...] = tuple(({"disk": name}, size) for name, size in sorted(done.freed.items()))
    yield Metric("guard_freed_bytes_total", "Bytes that were free after removals and not before.", freed)
    yield Metric("guard_sweep_failures_total", "How often it could not remove something.", (({}, done.sweep_failures),))
    would = {each: sum(key.startswith(f"{each} ") for key in done.would) for each in _KINDS}
    what = "Builders and images that the last dry run would have removed."
    yield Metric("guard_removable", what, tuple(({"kind": each}, count) for each, count in would.items()))


def _seconds(time_in_utc: str) -> int:
    """A time of the record in seconds since 1970; 0 if it is invalid."""
    try:
        return calendar.timegm(time.strptime(time_in_utc, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return 0
