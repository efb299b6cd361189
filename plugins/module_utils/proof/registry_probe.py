# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries registries over each path that a builder host uses, and tries its logins.

Nothing is pulled, built or stored.
"""

from __future__ import annotations

import concurrent.futures
import secrets
import time
import typing as t
from dataclasses import dataclass, field, replace
from functools import partial

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.tokens import entry_of_endpoint
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.proof import diagnostics, logins, token_endpoint
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import (
    NETWORK,
    NO_ANSWER,
    NOT_LOGGED_IN,
    TRUSTED,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import (
    BUILDER,
    CLIENT,
    DOCKERD,
    IMAGE,
    LOGIN,
    PLAIN,
    Places,
    Row,
    Target,
    row,
    settle,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unread import unread_at, without_pulls
from ansible_collections.multiarch.builders.plugins.module_utils.registry.clocks import Clocks
from ansible_collections.multiarch.builders.plugins.module_utils.state import authorities

# Seconds for a query. BuildKit and dockerd give up a connection after 30 s, with words that say which; and a host that
# builds or emulates its processor takes seconds to start each client.
TIMEOUT = 120
# Most of the time is spent waiting, but each client is a process.
_AT_ONCE = 8

Question = t.Callable[[], t.Sequence[Row]]


@dataclass(frozen=True)
class Trust:
    """The findings: a row for each path and login, the servers' chains ({host: DER}), and notes.

    *clocks* are this host's and those of the servers that reported theirs, by host. *unproven* are the registries whose
    login could not be tried, as they require none.
    """

    rows: t.Tuple[Row, ...]
    chains: t.Mapping[str, t.Tuple[bytes, ...]]
    clocks: t.Mapping[str, Clocks]
    notes: t.Tuple[str, ...]
    unproven: t.Tuple[str, ...] = ()


@dataclass
class Asking:
    """A host's paths to its registries, queried concurrently; *registries* is their table, with its logins."""

    users: t.Sequence[str]
    builders: t.Sequence[str]
    proxy: Proxy
    docker: Docker
    places: Places = field(default_factory=Places)
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))
    chains: t.Dict[str, t.Tuple[bytes, ...]] = field(default_factory=dict)
    pulls: bool = True  # docker itself pulls on this host
    registries: t.Sequence[Registry] = ()
    clocks: t.Dict[str, Clocks] = field(default_factory=dict)
    open_to_all: t.Dict[str, str] = field(default_factory=dict)

    def ask(self, targets: t.Sequence[Target]) -> Trust:
        """All paths to all *targets*. Raises HostError if the host itself cannot send queries."""
        if not self.docker.answers():
            raise HostError("dockerd does not answer, so neither it nor a builder can be tested: start docker")
        there = [each for each in self.builders if self._is_there(each)]
        notes = [f"builder {each} does not exist, so it was not tested" for each in self.builders if each not in there]
        questions: t.List[Question] = []
        for target in targets:
            mine, left_out = self._questions(target, there)
            questions += mine
            notes += left_out
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            told = pool.map(lambda question: question(), questions)
            rows, more = settle([each for found in told for each in found], targets)
        rows = tuple(map(self._with_network, rows))
        if not self.pulls:
            rows, forgiven = without_pulls(rows)
            more = (*more, *forgiven)
        hosts = dict.fromkeys([*(each.host for each in targets), *sorted(self.chains)])  # token endpoints come last
        chains = {host: self.chains[host] for host in hosts if self.chains.get(host)}
        unproven = tuple(each.host for each in targets if each.host in self.open_to_all)
        notes += [self.open_to_all[host] for host in unproven]
        return Trust(rows, chains, self.clocks, (*notes, *more), unproven)

    def _questions(self, target: Target, builders: t.Sequence[str]) -> t.Tuple[t.List[Question], t.List[str]]:
        """(what is queried for one registry, notes on what is not)."""
        login = next((each for each in self.registries if each.host == target.host and each.username), None)
        asked: t.Dict[str, t.List[Question]] = {
            PLAIN: [_one(self._plain, target)],
            DOCKERD: [_one(self._dockerd, target)],
            CLIENT: [_one(self._client, target, user, self._helper(target, builders)) for user in self.users],
            BUILDER: [_one(self._builder, target, name) for name in builders if self._sees(name, target)],
            LOGIN: [],
        }
        notes = []
        if target.needs_builder and not self._helper(target, builders):
            notes.append(f"{target.host}: buildx itself was not tested, as it speaks HTTP there without a builder")
            asked[CLIENT] = []
        notes += [
            f"{target.host}: builder {name} was not tested, as that is the loopback of its own container"
            for name in builders
            if not self._sees(name, target)
        ]
        if login:
            # Read before threads start: users' files are read with their rights, which apply to the whole process.
            kept = {user: logins.kept_for(user, login) for user in self.users}
            asked[LOGIN] = [partial(self._logins, target, login, kept)]
        if not token_endpoint.is_reachable(target, self.proxy):
            what = "by plain TLS, nor its login tried," if login else "by plain TLS,"
            notes.append(f"{target.host}: not asked {what} as its proxy does not speak HTTP")
            asked[PLAIN] = asked[LOGIN] = []
        return [question for way in (*target.ways, LOGIN) for question in asked[way]], notes

    def _sees(self, builder: str, target: Target) -> bool:
        return not target.is_local or builder in self.places.on_host

    def _helper(self, target: Target, there: t.Sequence[str]) -> str:
        """A builder whose buildkitd.toml makes buildx speak TLS; "" if none is needed, or there is none."""
        return next((each for each in there if target.needs_builder and each in self.places.configured), "")

    def _is_there(self, builder: str) -> bool:
        return bool(self.users) and look.exists(store.entry_path(self.users[0], builder))

    def _plain(self, target: Target) -> Row:
        """The registry and its token endpoint."""
        found = token_endpoint.plain(target, self.proxy, f"repository:{IMAGE}-{self.suffix}:pull")
        for host, each in found.handshakes.items():
            self.chains[host] = each.chain or self.chains.get(host, ())
            if each.clocks:
                self.clocks[host] = each.clocks
        return Row(target.host, PLAIN, "", found.outcome, found.words, found.at, found.about)

    def _logins(self, target: Target, registry: Registry, kept: t.Mapping[str, logins.Kept]) -> t.List[Row]:
        """The login of each user, empty if none is required.

        Identical logins are sent once: registries lock accounts after several wrong passwords.
        """
        found = {user: each for user, each in kept.items() if not isinstance(each, str)}
        plain = [each.host for each in self.registries if each.http]
        tried = logins.prove(target, next(iter(found.values())), self.proxy, without_tls=plain) if found else None
        if tried:
            self.clocks.update(tried.clocks)
        if tried and tried.outcome == TRUSTED:
            whose = f"that of {registry.username}"
            self.open_to_all[target.host] = f"{target.host} requires no login for GET /v2/, so {whose} cannot be proven"
        rows = []
        for user, each in kept.items():
            if isinstance(each, str):
                rows.append(Row(target.host, LOGIN, user, NOT_LOGGED_IN, each, target.host))
            elif tried and tried.outcome != TRUSTED:
                rows.append(Row(target.host, LOGIN, user, tried.outcome, tried.words, tried.at, tried.about))
        return rows

    def _dockerd(self, target: Target) -> Row:
        try:
            self.docker.pull(target.reference(self.suffix), timeout=TIMEOUT)
        except HostError as exc:
            return row(target, DOCKERD, "", str(exc))
        return _is_here(target, DOCKERD, "")

    def _client(self, target: Target, user: str, builder: str) -> Row:
        """The index that `docker buildx imagetools` reads, and the token that it needs."""
        named = ["--builder", builder] if builder else []
        arguments = ["imagetools", "inspect", *named, target.reference(self.suffix)]
        return self._run(target, CLIENT, user, user, arguments)

    def _builder(self, target: Target, name: str) -> Row:
        """BuildKit uses one trust for pulls and pushes; a pull leaves nothing behind."""
        arguments = ["build", "--builder", name, "--progress", "plain", "--output", "type=cacheonly", "-"]
        dockerfile = f"FROM {target.reference(self.suffix)}\n"
        found = self._run(target, BUILDER, name, self.users[0], arguments, dockerfile)
        end = time.monotonic() + TIMEOUT
        while "failed to list workers" in found.words and time.monotonic() < end:
            time.sleep(1)  # a concurrent query is just starting the stopped builder
            found = self._run(target, BUILDER, name, self.users[0], arguments, dockerfile)
        return found

    def _with_network(self, found: Row) -> Row:
        """A builder without an answer, with what blocks its container's network. Not for threads, as `kept_for`."""
        if found.way != BUILDER or found.outcome != NO_ANSWER:
            return found
        own = diagnostics.cause_in_network(found.who, self.users[0])
        return replace(found, words=f"{found.words} ({own})", about=NETWORK) if own else found

    def _run(self, target: Target, way: str, who: str, user: str, arguments: t.Sequence[str], stdin: str = "") -> Row:
        env = self.proxy.environment() if way == CLIENT else {}
        try:
            ended = run(["docker", "buildx", *arguments], user=user, stdin=stdin, env=env, timeout=TIMEOUT)
        except HostError as exc:
            return row(target, way, who, str(exc))
        return _is_here(target, way, who) if ended.status == 0 else row(target, way, who, ended.words)


def _one(question: t.Callable[..., Row], *about: t.Any) -> Question:
    return lambda: (question(*about),)


def note_unread(registries: t.Sequence[Registry], rows: t.Sequence[Row]) -> None:
    """Record the authorities that docker turned out not to have read: the next run restarts it."""
    table = {each.host: each for each in registries}
    entries = [entry_of_endpoint(table, token_host, host) for host, token_host in unread_at(rows) if host in table]
    found = [pem for each in entries for pem in blocks(each.ca or "")]
    if found:
        authorities.come(found, [pem for each in registries for pem in blocks(each.ca or "")])


def _is_here(target: Target, way: str, who: str) -> Row:
    """The image that should not exist was found in the registry."""
    return Row(target.host, way, who, TRUSTED, "the image exists", target.host)
