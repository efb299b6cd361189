# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which certificates are issued, renewed, handed over and removed. Pure.

A host's renewed certificate is first issued beside the one in use (`clients/next`), so that its servers allow both. The
next run hands it over. So no host ever presents a certificate that its servers do not know yet.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import typing as t
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Client, Fleet, Server
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import CLIENTS, NEXT, SERVERS, Folder
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import SERVER_DAYS, issued_at
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import may_have_issued, names
from cryptography.x509 import Certificate

_DUE, _LATEST = 1 / 3, 1 / 6  # of a certificate's life
_WORD = {SERVERS: "server", CLIENTS: "client", NEXT: "client"}


@dataclass(frozen=True)
class Step:
    """One thing to do in the folder. *why* is for people, "" for the first certificate.

    *action* is `create` (the CA), `issue`, `hand over` or `remove`. *names* are those of a server, *kept* the former
    certificates that stay allowed.
    """

    action: t.Literal["create", "issue", "hand over", "remove"]
    kind: str = ""
    name: str = ""
    days: int = 0
    names: tuple[str, ...] | None = None
    why: str = ""
    kept: tuple[Certificate, ...] = ()

    @property
    def text(self) -> str:
        """For people."""
        if self.action == "create":
            return "create a CA for the fleet's servers and clients"
        whose = f"{_WORD[self.kind]} {self.name}"
        if self.action == "issue":
            return f"issue a certificate for {whose}{f': {self.why}' if self.why else ''}"
        if self.action == "hand over":
            return f"use the renewed certificate of {whose}, which its servers allow"
        return f"remove the certificates of {whose}, {self.why}"


@dataclass(frozen=True)
class Decision:
    """The *steps* in their order, and *warnings*."""

    steps: tuple[Step, ...]
    warnings: tuple[str, ...]


@functools.lru_cache(maxsize=4096)
def signed(authority: Certificate, certificate: Certificate) -> bool:
    """Whether *authority* issued *certificate*."""
    return may_have_issued(authority, certificate)


def usable(
    certificates: Sequence[Certificate],
    authorities: Sequence[Certificate],
    now: datetime.datetime,
    since: datetime.datetime | None = None,
) -> tuple[Certificate, ...]:
    """Those of *certificates* that a server may still allow, in their order."""
    return tuple(
        each
        for each in certificates
        if now < each.not_valid_after_utc
        and (since is None or issued_at(each) >= since)
        and any(signed(ca, each) for ca in authorities)
    )


def decide(fleet: Fleet, folder: Folder, now: datetime.datetime, present: Collection[str]) -> Decision:
    """What is to do in *folder* for the servers and clients of *fleet* that use it.

    *present* are the servers that this run tells about their clients. Raises FolderError.
    """
    path = str(folder.root)
    servers = [each for _name, each in sorted(fleet.servers.items()) if each.folder == path and not each.own]
    ours = {each.name for each in servers}
    clients = [each for _name, each in sorted(fleet.clients.items()) if ours & {*each.servers} and each.folder == path]
    authorities = folder.authorities
    steps: list[Step] = []
    warnings: list[str] = []
    if not authorities:
        steps.append(Step("create"))
    for server in servers:
        steps += _of_server(server, folder, now, server.name in present)
    for client in clients:
        found = _of_client(client, folder, now, missing=sorted(ours & {*client.servers} - {*present}))
        steps += found.steps
        warnings += found.warnings
    steps += _removals(folder, ours, {each.name for each in clients})
    return Decision(tuple(steps), (*warnings, *_ending(authorities, now)))


def _of_server(server: Server, folder: Folder, now: datetime.datetime, present: bool) -> Iterator[Step]:
    found = usable(folder.certificates(SERVERS, server.name), folder.authorities, now)[:1]
    why = _why(found, folder, SERVERS, server.name, SERVER_DAYS, now)
    if why is None and {*names(found[0])} != {*map(_spelled, server.names)}:
        why = f"its names are now {', '.join(server.names)}"
    if why is not None and (present or not found):
        yield Step("issue", SERVERS, server.name, SERVER_DAYS, server.names, why)


def _of_client(client: Client, folder: Folder, now: datetime.datetime, missing: list[str]) -> Decision:
    """*missing* are its servers that this run does not tell about it."""
    stored, authorities = folder.certificates(CLIENTS, client.name), folder.authorities
    found = usable(stored, authorities, now, client.since)
    following = usable(folder.certificates(NEXT, client.name), authorities, now, client.since)
    if not folder.has_key(CLIENTS, client.name):
        found = ()
    if following and folder.has_key(NEXT, client.name) and not (found and missing):
        return Decision((Step("hand over", CLIENTS, client.name, kept=found),), ())
    why = _why(found, folder, CLIENTS, client.name, client.days, now)
    if why is None:
        return Decision((), ())
    if not found and client.since and usable(stored, authorities, now):
        why = f"those from before {client.since:%Y-%m-%d %H:%M} are no longer allowed"
    if not found or not client.is_host:
        told = _not_yet(client, missing) if missing else ()
        return Decision((Step("issue", CLIENTS, client.name, client.days, why=why, kept=found),), told)
    if missing:
        return Decision((), _waits(client, found[0], missing, now))
    return Decision((Step("issue", NEXT, client.name, client.days, why=why),), ())


def _why(
    found: Sequence[Certificate], folder: Folder, kind: str, name: str, days: int, now: datetime.datetime
) -> str | None:
    """Why another certificate is due, "" for the first; None if none is."""
    if not found:
        return "the former one cannot be used any more" if folder.certificates(kind, name) else ""
    newest, first = found[0], folder.authorities[0]
    if not folder.has_key(kind, name):
        return "its key is missing"
    of_former = not signed(first, newest)
    if of_former and kind != SERVERS:
        return "the former one is of a CA that no longer issues"
    end = newest.not_valid_after_utc
    gained = min(now + datetime.timedelta(days=days), first.not_valid_after_utc) - end
    due = _LATEST if of_former else _DUE  # servers wait until all clients trust the new CA: rotation.py
    if _left(newest, now) < due and gained > datetime.timedelta(hours=1):
        return f"the former one ends on {end:%Y-%m-%d}"
    return None


def _left(certificate: Certificate, now: datetime.datetime) -> float:
    """The part of its life that is left."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (end - now) / (end - start)


def _not_yet(client: Client, missing: list[str]) -> tuple[str, ...]:
    whose = f"the new certificate of client {client.name}"
    return (
        f"{whose} is not allowed by {', '.join(missing)} before a run that includes {'them' if missing[1:] else 'it'}",
    )


def _waits(client: Client, current: Certificate, missing: list[str], now: datetime.datetime) -> tuple[str, ...]:
    if _left(current, now) > _LATEST:
        return ()
    end = f"{current.not_valid_after_utc:%Y-%m-%d}"
    run = f"it is renewed by a run that includes all of its servers, and this one lacks {', '.join(missing)}"
    return (f"the certificate of client {client.name} ends on {end}: {run}",)


def _removals(folder: Folder, servers: Collection[str], clients: Collection[str]) -> Iterator[Step]:
    for kind, known, why in (
        (SERVERS, servers, "which does not serve any more"),
        (CLIENTS, clients, "which is no longer a client: its servers refuse it from their next run on"),
    ):
        for name in folder.names(kind):
            if name not in known:
                yield Step("remove", kind, name, why=why)


def _ending(authorities: Sequence[Certificate], now: datetime.datetime) -> Iterator[str]:
    """A CA has to be replaced while it can still issue for the whole life of a certificate."""
    for each in authorities[:1]:
        if each.not_valid_after_utc - now < datetime.timedelta(days=SERVER_DAYS):
            end = f"{each.not_valid_after_utc:%Y-%m-%d}"
            yield f"the CA of the fleet's servers and clients ends on {end}: see playbooks/rotate-serve-authority.yml"


def _spelled(name: str) -> str:
    """As `names` gives it: addresses in their one form."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name
