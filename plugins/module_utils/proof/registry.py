# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which registries are asked by which ways, and what the answers prove about trust. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB, SERVER
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import is_loopback, takes_http
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import address_of

PLAIN, DOCKERD, CLIENT, BUILDER, LOGIN = "plain", "dockerd", "client", "builder", "login"
IMAGE = "multiarch-builders/proof"


@dataclass(frozen=True)
class Target:
    """A registry to ask.

    *optional*: see `Registry.is_optional`.
    """

    host: str
    mirrors: t.Tuple[str, ...] = ()
    http: bool = False
    insecure: bool = False
    has_pair: bool = False
    optional: bool = False

    @property
    def is_local(self) -> bool:
        """Whether its name means whatever machine or container looks it up: what a builder may have of its own."""
        return is_loopback(self.host)

    @property
    def needs_builder(self) -> bool:
        """Whether buildx speaks TLS to it only with a builder whose buildkitd.toml says so."""
        return takes_http(self.host) and not self.http

    @property
    def address(self) -> t.Tuple[str, int]:
        """Name and port of its server."""
        return address_of(self.host, http=self.http)

    @property
    def url(self) -> str:
        """Where the API of registries begins."""
        return f"{'http' if self.http else 'https'}://{SERVER if self.host == HUB else self.host}/v2/"

    def reference(self, suffix: str) -> str:
        """An image that is not there: whoever is told so had a connection that it trusts, and got nothing.

        *suffix* is another one at every proof: BuildKit keeps the certificates that it found for the pulls of a
        repository for minutes (moby/buildkit, util/resolver/pool.go), and the proof is about those of now.
        """
        return f"{self.host}/{IMAGE}-{suffix}:absent"

    @property
    def ways(self) -> t.Tuple[str, ...]:
        """How it can be asked."""
        if not any(sign in self.host for sign in ".:") and self.host != "localhost":
            return (PLAIN,)  # a mirror by a name without a dot, which no image can have
        if self.http or self.insecure or self.has_pair:
            # buildx itself has neither exceptions nor a certificate (docker/buildx, util/imagetools/inspect.go)
            return (PLAIN, DOCKERD, BUILDER)
        return (PLAIN, DOCKERD, CLIENT, BUILDER)


@dataclass(frozen=True)
class Row:
    """What one way to one registry, or a login there, proved.

    *who* is the user or the builder, *at* whom the words are about, *about* what of it (`outcomes.ENDPOINT` and the
    like).
    """

    registry: str
    way: str
    who: str
    outcome: str
    words: str
    at: str
    about: str = ""


def targets_of(registries: t.Sequence[Registry]) -> t.Tuple[Target, ...]:
    """The table, and the mirrors in it that have no entry of their own."""
    known = {each.host for each in registries}
    targets = [
        Target(
            each.host,
            tuple(mirror.partition("/")[0] for mirror in each.mirrors),
            each.http,
            each.insecure,
            bool(each.client_cert and each.client_key),
            each.is_optional,
        )
        for each in registries
    ]
    mirrors = dict.fromkeys(mirror for target in targets for mirror in target.mirrors)
    return (*targets, *(Target(mirror) for mirror in mirrors if mirror not in known))


@dataclass(frozen=True)
class Places:
    """The builders whose BuildKit has this host's network, and so its loopback; those whose buildkitd.toml is ours."""

    on_host: t.FrozenSet[str] = frozenset()
    configured: t.FrozenSet[str] = frozenset()


def places_of(instances: t.Sequence[Instance]) -> Places:
    """Where the builders are."""
    return Places(
        frozenset(each.name for each in instances if _is_on_host(each)),
        frozenset(each.name for each in instances if each.driver != "remote"),
    )


def _is_on_host(instance: Instance) -> bool:
    networks = [{**instance.driver_opts, **node.driver_opts}.get("network") for node in instance.nodes if node.local]
    return instance.driver == "docker-container" and networks == ["host"] * len(instance.nodes)


def row(target: Target, way: str, who: str, said: str) -> Row:
    """What the words of a docker program prove."""
    words = outcomes.last_words(said)
    at = outcomes.asked(words)
    itself = at in ("", target.host) or (target.host == HUB and at == SERVER)
    outcome, about = outcomes.outcome_of(words, IMAGE), outcomes.about(words)
    return Row(target.host, way, who, outcome, words, target.host if itself else at, about)


def settle(rows: t.Iterable[Row], targets: t.Sequence[Target]) -> t.Tuple[t.Tuple[Row, ...], t.Tuple[str, ...]]:
    """(rows, notes): what an optional registry itself answers is a note, what its mirrors answer in its place counts.

    docker goes from a mirror that it does not trust on to the registry, and tells the first failure of both.
    """
    optional = {each.host: each.mirrors for each in targets if each.optional}
    kept: t.List[Row] = []
    forgiven: t.Dict[str, str] = {}
    for each in _explained(tuple(rows)):
        if each.outcome not in outcomes.PROVEN and each.at not in optional.get(each.registry, (each.at,)):
            forgiven.setdefault(each.registry, f"{each.outcome} ({outcomes.cause(each.words)})")
        else:
            kept.append(each)
    notes = (f"{host} itself: {what}; its mirrors are asked by their own names" for host, what in forgiven.items())
    return tuple(kept), tuple(notes)


def _explained(rows: t.Sequence[Row]) -> t.Iterator[Row]:
    """The rows, with the reason that a server told to another way alone.

    With TLS 1.3 a client may find the connection closed before it reads the alert. That a token is not valid is told to
    some programs, which others are refused for without a reason.
    """
    picky = {each.at for each in rows if each.outcome == outcomes.CLIENT_CERTIFICATE}
    invalid = {each.registry for each in rows if each.outcome == outcomes.INVALID_TOKEN}
    for each in rows:
        if each.at in picky and outcomes.is_closed(each.words):
            yield replace(each, outcome=outcomes.CLIENT_CERTIFICATE)
        elif each.outcome == outcomes.TRUSTED and each.registry in invalid and outcomes.may_hide_a_token(each.words):
            yield replace(each, outcome=outcomes.INVALID_TOKEN)
        else:
            yield each
