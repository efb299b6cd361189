# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks registries by each of the ways that a builder host uses. Nothing is pulled, built or kept."""

from __future__ import annotations

import concurrent.futures
import pathlib
import secrets
import time
import typing as t
from dataclasses import dataclass, field
from functools import partial

from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof.answers import TRUSTED
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import (
    BUILDER,
    CLIENT,
    DOCKERD,
    PLAIN,
    Places,
    Row,
    Target,
    row,
    settle,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proof.tls import shake
from ansible_collections.multiarch.builders.plugins.module_utils.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.way_out import is_tunnel, proxy_for

TIMEOUT = 30
# Most of the time is spent waiting, but each client is a process.
_AT_ONCE = 8


@dataclass(frozen=True)
class Trust:
    """What was found: a row for each way, the chains that servers sent ({registry: DER}), what is worth a note."""

    rows: t.Tuple[Row, ...]
    chains: t.Mapping[str, t.Tuple[bytes, ...]]
    notes: t.Tuple[str, ...]


@dataclass
class Asking:
    """One host's ways to its registries, all at the same time."""

    users: t.Sequence[str]
    builders: t.Sequence[str]
    proxy: Proxy
    docker: Docker
    places: Places = field(default_factory=Places)
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))
    chains: t.Dict[str, t.Tuple[bytes, ...]] = field(default_factory=dict)

    def ask(self, targets: t.Sequence[Target]) -> Trust:
        """All ways to all *targets*. Raises HostError where the host itself cannot ask."""
        if not self.docker.answers():
            raise HostError("dockerd does not answer, and neither it nor a builder can be asked: start docker")
        there = [each for each in self.builders if self._is_there(each)]
        notes = [f"builder {each} is not there, so it was not asked" for each in self.builders if each not in there]
        questions: t.List[t.Callable[[], Row]] = []
        for target in targets:
            asked = {
                PLAIN: [partial(self._plain, target)],
                DOCKERD: [partial(self._dockerd, target)],
                CLIENT: [partial(self._client, target, user, self._helper(target, there)) for user in self.users],
                BUILDER: [partial(self._builder, target, name) for name in there if self._sees(name, target)],
            }
            if target.needs_builder and not self._helper(target, there):
                notes.append(f"{target.host}: buildx itself was not asked, as it speaks HTTP there without a builder")
                asked[CLIENT] = []
            notes += [
                f"{target.host}: builder {name} was not asked, as that is the loopback of its own container"
                for name in there
                if not self._sees(name, target)
            ]
            if not is_tunnel(proxy_for(self.proxy, "http" if target.http else "https", *target.address)):
                notes.append(f"{target.host}: not asked by plain TLS, as its proxy does not speak HTTP")
                asked[PLAIN] = []
            questions += [question for way in target.ways for question in asked[way]]
        with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            rows, more = settle(pool.map(lambda question: question(), questions), targets)
        chains = {each.host: self.chains[each.host] for each in targets if self.chains.get(each.host)}
        return Trust(rows, chains, (*notes, *more))

    def _sees(self, builder: str, target: Target) -> bool:
        return not target.is_local or builder in self.places.on_host

    def _helper(self, target: Target, there: t.Sequence[str]) -> str:
        """A builder whose buildkitd.toml tells buildx to speak TLS; "" where it needs none, or there is none."""
        return next((each for each in there if target.needs_builder and each in self.places.configured), "")

    def _is_there(self, builder: str) -> bool:
        return bool(self.users) and pathlib.Path(store.entry_path(self.users[0], builder)).exists()

    def _plain(self, target: Target) -> Row:
        found = shake(target, self.proxy)
        self.chains[target.host] = found.chain
        return Row(target.host, PLAIN, "", found.outcome, found.words, target.host)

    def _dockerd(self, target: Target) -> Row:
        try:
            self.docker.pull(target.reference(self.suffix), timeout=TIMEOUT)
        except HostError as exc:
            return row(target, DOCKERD, "", str(exc))
        return _is_here(target, DOCKERD, "")

    def _client(self, target: Target, user: str, builder: str) -> Row:
        """The index that `docker buildx imagetools` reads, and the token that it needs for it."""
        named = ["--builder", builder] if builder else []
        arguments = ["imagetools", "inspect", *named, target.reference(self.suffix)]
        return self._run(target, CLIENT, user, user, arguments)

    def _builder(self, target: Target, name: str) -> Row:
        """BuildKit has one trust for what it pulls and what it pushes; a pull leaves nothing anywhere."""
        arguments = ["build", "--builder", name, "--progress", "plain", "--output", "type=cacheonly", "-"]
        dockerfile = f"FROM {target.reference(self.suffix)}\n"
        found = self._run(target, BUILDER, name, self.users[0], arguments, dockerfile)
        end = time.monotonic() + TIMEOUT
        while "failed to list workers" in found.words and time.monotonic() < end:
            time.sleep(1)  # another question is starting the stopped builder just now
            found = self._run(target, BUILDER, name, self.users[0], arguments, dockerfile)
        return found

    def _run(self, target: Target, way: str, who: str, user: str, arguments: t.Sequence[str], stdin: str = "") -> Row:
        env = self.proxy.environment() if way == CLIENT else {}
        try:
            ended = run(["docker", "buildx", *arguments], user=user, stdin=stdin, env=env, timeout=TIMEOUT)
        except HostError as exc:
            return row(target, way, who, str(exc))
        return _is_here(target, way, who) if ended.status == 0 else row(target, way, who, ended.words)


def _is_here(target: Target, way: str, who: str) -> Row:
    """Somebody did push the image that nobody has."""
    return Row(target.host, way, who, TRUSTED, "the image is there", target.host)
