# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry accepts: tested with a user's own login, or remembered."""

from __future__ import annotations

import datetime
import http.client
import secrets
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import login
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import is_tunnel, proxy_for
from ansible_collections.multiarch.builders.plugins.module_utils.proof.capabilities import Asking, Capability
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import address_of, split_repository
from ansible_collections.multiarch.builders.plugins.module_utils.registry.session import Session
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile, now, start

_DAYS = 30  # a registry that accepts everything is tested again after that


@dataclass(frozen=True)
class Found:
    """What *registry* accepts, as of *time*; *kept* is why it did not delete the examples, "" if it did."""

    registry: str
    time: str
    capabilities: t.Tuple[Capability, ...]
    kept: str = ""


@dataclass(frozen=True)
class Answer:
    """A registry's answer to each form, and when (UTC)."""

    time: str
    capabilities: t.Tuple[Capability, ...]


@dataclass(frozen=True)
class Answers:
    """By the registry's host."""

    registries: t.Mapping[str, Answer] = field(default_factory=dict)


RECORD = RecordFile("registry_capabilities", Answers)


def remembered(repository: str) -> t.Optional[Found]:
    """The registry's recent answers, if it accepted everything. Raises HostError."""
    host, _name = split_repository(repository)
    noted = RECORD.read().registries.get(host)
    if noted is None:
        return None
    found = noted.capabilities
    when = datetime.datetime.strptime(noted.time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    age = datetime.datetime.now(datetime.timezone.utc) - when
    fresh = datetime.timedelta() <= age < datetime.timedelta(days=_DAYS)
    return Found(host, noted.time, found) if fresh and all(each.taken for each in found) else None


def ask(repository: str, users: t.Sequence[str], registries: t.Sequence[Registry], proxy: Proxy) -> Found:
    """Test the registry of *repository*, and record the answers. Raises HostError if that fails."""
    began = start()
    host, name = split_repository(repository)
    registry = next((each for each in registries if each.host == host), Registry(host))
    scheme = "http" if registry.http else "https"
    if not is_tunnel(proxy_for(proxy, scheme, *address_of(host, http=registry.http))):
        raise HostError("its proxy does not speak HTTP")
    session = Session(registry, registries, proxy, *_login(users, registry))
    asking = Asking(session, name)
    try:
        try:
            capabilities = asking.ask(secrets.token_hex(8))
        finally:
            kept = asking.clean_up()
    except (OSError, http.client.HTTPException) as exc:
        words = getattr(exc, "verify_message", None) or getattr(exc, "strerror", None) or str(exc)
        raise HostError(words or type(exc).__name__) from exc
    answer = Answer(now(), capabilities)
    if not began.is_retired:
        RECORD.update(lambda known: replace(known, registries={**known.registries, host: answer}))
    return Found(host, answer.time, capabilities, next(iter(kept), ""))


def _login(users: t.Sequence[str], registry: Registry) -> t.Tuple[str, str]:
    """Name and password of the first user who is logged in, both empty if nobody is."""
    for user in users:
        try:
            token = login.kept(login.place_of(user, registry))
        except HostError:  # a locked helper, a damaged file: the concern trust reports it
            continue
        credentials = login.credentials_in(token) if token is not None else None
        if credentials is not None:
            return credentials
    return "", ""
