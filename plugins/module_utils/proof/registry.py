# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which registries are tested over which paths, and what the answers prove about trust. Pure."""

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
    """A registry to test.

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
        """Whether its name refers to the machine or container that resolves it, so a builder may have its own."""
        return is_loopback(self.host)

    @property
    def needs_builder(self) -> bool:
        """Whether buildx only speaks TLS to it with a builder whose buildkitd.toml says so."""
        return takes_http(self.host) and not self.http

    @property
    def address(self) -> t.Tuple[str, int]:
        """Name and port of its server."""
        return address_of(self.host, http=self.http)

    @property
    def url(self) -> str:
        """The base URL of the registry API."""
        return f"{'http' if self.http else 'https'}://{SERVER if self.host == HUB else self.host}/v2/"

    def reference(self, suffix: str) -> str:
        """An image that does not exist: the answer 404 proves a trusted connection, and transfers nothing.

        *suffix* differs for every proof: BuildKit caches the certificates for the pulls of a repository for minutes
        (moby/buildkit, util/resolver/pool.go), and the proof is about the current ones.
        """
        return f"{self.host}/{IMAGE}-{suffix}:absent"

    @property
    def ways(self) -> t.Tuple[str, ...]:
        """The paths over which it can be tested."""
        if not any(sign in self.host for sign in ".:") and self.host != "localhost":
            return (PLAIN,)  # a mirror whose name has no dot, so no image reference can name it
        if self.http or self.insecure or self.has_pair:
            # buildx itself has neither exceptions nor a client certificate (docker/buildx, util/imagetools/inspect.go)
            return (PLAIN, DOCKERD, BUILDER)
        return (PLAIN, DOCKERD, CLIENT, BUILDER)


@dataclass(frozen=True)
class Row:
    """The result for one path to a registry, or for a login there.

    *who* is the user or the builder, *at* is the subject of the message, *about* its part (`outcomes.ENDPOINT` and the
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
    """The table, and its mirrors that have no entry of their own."""
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
    """The builders whose BuildKit shares this host's network and so its loopback; those with our buildkitd.toml."""

    on_host: t.FrozenSet[str] = frozenset()
    configured: t.FrozenSet[str] = frozenset()


def places_of(instances: t.Sequence[Instance]) -> Places:
    """The location of the builders."""
    return Places(
        frozenset(each.name for each in instances if _is_on_host(each)),
        frozenset(each.name for each in instances if each.driver != "remote"),
    )


def _is_on_host(instance: Instance) -> bool:
    networks = [{**instance.driver_opts, **node.driver_opts}.get("network") for node in instance.nodes if node.local]
    return instance.driver == "docker-container" and networks == ["host"] * len(instance.nodes)


def row(target: Target, way: str, who: str, said: str) -> Row:
    """What a docker program's message proves."""
    words = outcomes.last_words(said)
    at = outcomes.asked(words)
    itself = at in ("", target.host) or (target.host == HUB and at == SERVER)
    outcome, about = outcomes.outcome_of(words, IMAGE), outcomes.about(words)
    return Row(target.host, way, who, outcome, words, target.host if itself else at, about)


def settle(rows: t.Iterable[Row], targets: t.Sequence[Target]) -> t.Tuple[t.Tuple[Row, ...], t.Tuple[str, ...]]:
    """(rows, notes): an optional registry's own answer is a note, its mirrors' answers in its place count.

    docker falls back from an untrusted mirror to the registry, and reports the first failure of both.
    """
    optional = {each.host: each.mirrors for each in targets if each.optional}
    kept: t.List[Row] = []
    forgiven: t.Dict[str, str] = {}
    for each in _explained(tuple(rows)):
        if each.outcome not in outcomes.PROVEN and each.at not in optional.get(each.registry, (each.at,)):
            forgiven.setdefault(each.registry, f"{each.outcome} ({outcomes.cause(each.words)})")
        else:
            kept.append(each)
    notes = (f"{host} itself: {what}; its mirrors are tested by their own names" for host, what in forgiven.items())
    return tuple(kept), tuple(notes)


def _explained(rows: t.Sequence[Row]) -> t.Iterator[Row]:
    """The rows, with a reason that the server reported on another path only.

    With TLS 1.3 a client may see the connection closed before it reads the alert. An invalid token is reported to some
    programs, while others are refused without a reason.
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
