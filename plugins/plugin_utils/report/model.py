# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a report, as frozen data. docs/report.schema.json, of builders.json, is generated from it.

Times are UTC, as 2026-11-21T11:30:59Z, days as 2026-11-21, sizes in bytes. None means unknown.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Kind
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.connections import Context, SshClient
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.guard import Guard, JobBuilder
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.serve import Serve

VERSION = 1
"""Incremented when a key is removed or changes its meaning; not for new keys."""

State = t.Literal["ok", "drift", "failed", "unreachable"]
STATES: tuple[State, ...] = t.get_args(State)
Ends = t.Literal["ended", "soon", "fine"]


@dataclass(frozen=True)
class Machine:
    """The machine; *architecture* as platforms name it."""

    architecture: str
    os: str
    kernel: str
    cpus: int
    memory: int


@dataclass(frozen=True)
class Disk:
    """Where dockerd, or its containerd on another file system, keeps its data."""

    path: str
    size: int
    free: int

    @property
    def is_short(self) -> bool:
        """Whether less than a tenth is free."""
        return self.free * 10 < self.size


@dataclass(frozen=True)
class Engine:
    """Versions; *cache* is that of the BuildKit inside dockerd."""

    docker: str | None
    buildx: str | None
    image_store: str | None
    cache: int | None


@dataclass(frozen=True)
class Platform:
    """How a platform runs: by the processor, by a handler and its emulator, or not, and why.

    *pinned* tells whether the emulator is that of `builder_binfmt_source`, None without an emulator.
    """

    platform: str
    how: t.Literal["native", "emulated", "missing"]
    handler: str | None
    interpreter: str | None
    qemu: str | None
    pinned: bool | None
    why: str | None


@dataclass(frozen=True)
class Node:
    """A machine of a builder. *buildkit* is the version that runs, or that of the image's tag if *by_tag*."""

    name: str
    endpoint: str
    state: str
    why: str | None
    buildkit: str | None
    by_tag: bool
    image: str | None


@dataclass(frozen=True)
class Builder:
    """A builder, the users who have it, and the cache of all its nodes together."""

    name: str
    driver: str
    default: bool
    users: tuple[str, ...]
    cache: int | None
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Inherit:
    """Builders that users make themselves, which get what this host's have (`builder_inherit`).

    *users* have what new builders get, *others* do not, or not yet. *builders* are containers with the certificates of
    the variables, *outdated* those with former ones, *strangers* those without any of them.
    """

    users: tuple[str, ...]
    others: tuple[str, ...]
    builders: tuple[str, ...]
    outdated: tuple[str, ...]
    strangers: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The result of a registry by plain TLS; an *optional* one may be unreachable, as it has mirrors."""

    registry: str
    outcome: str
    words: str
    optional: bool


@dataclass(frozen=True)
class Certificate:
    """A certificate that a host depends on.

    *kind* is `server` (what a registry shows, or a builder that is served), `chain` (what a registry sends along), `ca`
    or `client` (of the variables).
    """

    registry: str
    kind: t.Literal["server", "chain", "ca", "client"]
    subject: str
    issuer: str
    not_after: str
    days_left: int
    ends: Ends
    fingerprint: str


@dataclass(frozen=True)
class Step:
    """What the next run would do for one concern."""

    concern: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """What was left alone (*kind* `left_alone`), has a limit here (`limit`), or waits (`waits`, a proof `unproven`)."""

    concern: str
    kind: str
    text: str


@dataclass(frozen=True)
class Proof:
    """How the last proof ended, and what it was about: platforms, or registries.

    *unproven* are those that its failures are about; none if unknown.
    """

    time: str
    passed: bool
    failures: tuple[str, ...]
    about: tuple[str, ...]
    unproven: tuple[str, ...] = ()

    @property
    def proven(self) -> tuple[str, ...]:
        """What is proven, one by one."""
        known = self.passed or self.unproven
        return tuple(each for each in self.about if each not in self.unproven) if known else ()


@dataclass(frozen=True)
class Trace:
    """What the next run does first: if *time* is known, it makes no plan, as nothing has changed since a full one then.

    Otherwise it makes a full plan, and *why*.
    """

    time: str | None
    why: str


@dataclass(frozen=True)
class Host:
    """One host.

    *why* says what makes it failed or unreachable; *plan* is its drift, *restart* why docker has to restart. *concerns*
    are those that are managed. *inherit* is None unless asked for.
    """

    name: str
    state: State
    why: tuple[str, ...] = ()
    machine: Machine | None = None
    disk: Disk | None = None
    containerd_disk: Disk | None = None
    engine: Engine | None = None
    platforms: tuple[Platform, ...] = ()
    builders: tuple[Builder, ...] = ()
    registries: tuple[Answer, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    plan: tuple[Step, ...] = ()
    restart: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    build_proof: Proof | None = None
    registry_proof: Proof | None = None
    trace: Trace | None = None
    inherit: Inherit | None = None
    guard: Guard | None = None
    job_builders: tuple[JobBuilder, ...] = ()
    serve: Serve | None = None
    concerns: tuple[str, ...] = ()
    contexts: tuple[Context, ...] = ()
    ssh_clients: tuple[SshClient, ...] = ()

    @property
    def waiting(self) -> tuple[Note, ...]:
        """Pending changes, which wait for people or for another run."""
        return tuple(each for each in self.notes if each.kind == Kind.WAITS.value)

    @property
    def proofs_due(self) -> tuple[Note, ...]:
        """Proofs that the next run makes, even if it has nothing to change."""
        return tuple(each for each in self.notes if each.kind == Kind.UNPROVEN.value)

    @property
    def surveyed(self) -> bool:
        """Whether the host could be surveyed."""
        return self.machine is not None


@dataclass(frozen=True)
class Registry:
    """What all hosts found of one registry: {outcome: names of hosts}."""

    registry: str
    optional: bool
    outcomes: t.Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class SharedCertificate:
    """A certificate of the fleet, and the hosts that depend on it."""

    certificate: Certificate
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Native:
    """Names of *hosts* that run a platform natively, and of those that emulate it."""

    platform: str
    hosts: tuple[str, ...]
    emulated: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """Numbers of hosts, but for *certificates* (how many end soon or have ended), *oldest_proof* and *cache*."""

    hosts: int
    ok: int
    drift: int
    failed: int
    unreachable: int
    restart: int
    never_proven: int
    certificates: int
    oldest_proof: str | None
    cache: int


@dataclass(frozen=True)
class Report:
    """The whole fleet, at the time *generated*, or with `--limit` that part of it.

    *native_elsewhere* are platforms that only some of the hosts emulate.
    """

    version: int
    generated: str
    totals: Totals
    platforms: tuple[str, ...]
    hosts: tuple[Host, ...]
    registries: tuple[Registry, ...]
    certificates: tuple[SharedCertificate, ...]
    native_elsewhere: tuple[Native, ...] = ()
    limit: str | None = None
