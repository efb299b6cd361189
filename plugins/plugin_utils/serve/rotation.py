# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces a fleet's CA in four steps, between which hosts are provisioned, so that no connection is ever refused.

`add` has hosts trust a new CA. `issue` makes it the one that issues, to clients first: pipelines get both CAs with
their new certificates. Once all clients have those, `serve` has servers show new ones. `drop` removes the former CA.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Fleet
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import (
    CLIENTS,
    NEXT,
    SERVERS,
    Folder,
    FolderError,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import new_authority
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.renewal import signed, usable
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import subject
from cryptography.x509 import Certificate

STEPS = ("add", "issue", "serve", "drop")
_PROVISION = "Run playbooks/provision-builders.yml on all hosts"
_REMEDY = (
    f"{_PROVISION}; for pipelines that have their new bundles, add -e '{{\"replaced\": [NAME]}}'; the others need one "
    "(playbooks/serve-bundle.yml)"
)


def rotate(
    step: str,
    fleet: Fleet,
    folder: Folder,
    now: datetime.datetime,
    replaced: Collection[str] = (),
    *,
    write: bool = True,
) -> str:
    """Do *step* in the locked folder; returns what was done, for people. Raises FolderError: it cannot be done now.

    *replaced* are pipelines that have their new certificates. Without *write* nothing changes.
    """
    if not folder.authorities:
        raise FolderError(folder.root / "ca.pem", "is missing: there is no CA to replace", f"{_PROVISION} first")
    if step == "add":
        return _add(folder, now, write)
    if step == "issue":
        return _issue(folder, write)
    former = _former(folder)
    in_use = [*_clients(fleet, folder, now, replaced), *(_servers(fleet, folder) if step == "drop" else ())]
    if in_use:
        raise FolderError(folder.root / "ca.pem", _words(former, in_use), _REMEDY)
    return _serve(folder, write) if step == "serve" else _drop(folder, former, write)


def _add(folder: Folder, now: datetime.datetime, write: bool) -> str:
    if len(folder.authorities) > 1:
        message = f"a rotation is under way: there are {len(folder.authorities)} CAs"
        following = "issue" if folder.rotates else "serve, then -e step=drop"
        raise FolderError(folder.root / "ca.pem", message, f"Continue it with -e step={following}")
    folder.check_writable_keys()
    if folder.has_authority_key:
        folder.authority_key()  # the new key is encrypted with the password of this run, which is to be the same
    made = new_authority(now)
    if write:
        folder.write_authority_key(made.key, following=True)
        folder.write_authorities([*folder.authorities, made.certificate])
    return f"added {subject(made.certificate)}. {_PROVISION}, which then trust it, and continue with -e step=issue"


def _issue(folder: Folder, write: bool) -> str:
    if not folder.rotates or len(folder.authorities) < 2:
        path = folder.root / "ca.next.key"
        raise FolderError(path, "is missing: there is no added CA", "Start with -e step=add")
    following, key = folder.following()
    if write:  # in this order it can be done again after a crash
        folder.write_authority_key(key)
        folder.write_authorities([following, *(each for each in folder.authorities if each != following)])
        folder.remove_following_key()
    return (
        f"made {subject(following)} the CA that issues, and removed the key of the former one. {_PROVISION} twice: the "
        "first run issues to clients, the second hands that to hosts; give pipelines new bundles, and continue with "
        "-e step=serve"
    )


def _former(folder: Folder) -> tuple[Certificate, ...]:
    """The CAs that no longer issue. Raises FolderError if there are none."""
    if folder.rotates:
        raise FolderError(folder.root / "ca.next.key", "the new CA does not issue yet", "Continue with -e step=issue")
    if not folder.authorities[1:]:
        raise FolderError(folder.root / "ca.pem", "has one CA only: there is none to drop", "Start with -e step=add")
    return folder.authorities[1:]


def _words(former: Sequence[Certificate], in_use: Sequence[str]) -> str:
    return f"certificates of {', '.join(map(subject, former))} are in use: {'; '.join(in_use)}"


def _serve(folder: Folder, write: bool) -> str:
    if write:
        for name in folder.names(SERVERS):
            if _is_former(folder, folder.certificates(SERVERS, name)[:1]):
                folder.remove(SERVERS, name)  # the next run issues another
    return f"removed the servers' certificates of the former CA. {_PROVISION}, and continue with -e step=drop"


def _drop(folder: Folder, former: Sequence[Certificate], write: bool) -> str:
    first = folder.authorities[0]
    if write:
        for kind in (CLIENTS, NEXT):
            for name in folder.names(kind):
                _keep_of(first, folder, kind, name)
        folder.write_authorities([first])
    return f"dropped {', '.join(map(subject, former))}. {_PROVISION}, which then no longer trust it"


def _keep_of(authority: Certificate, folder: Folder, kind: str, name: str) -> None:
    stored = folder.certificates(kind, name)
    kept = [each for each in stored if signed(authority, each)]
    if not kept:
        folder.remove(kind, name)
    elif len(kept) < len(stored):
        folder.write(kind, name, kept)


def _servers(fleet: Fleet, folder: Folder) -> Iterator[str]:
    """The servers that show a certificate of a former CA."""
    ours = [each.name for each in fleet.servers.values() if each.folder == str(folder.root) and not each.own]
    found = [each for each in ours if _is_former(folder, folder.certificates(SERVERS, each)[:1])]
    missing = [each for each in ours if not folder.certificates(SERVERS, each)]
    if found or missing:
        yield f"servers {names(sorted([*found, *missing]))}"


def _clients(fleet: Fleet, folder: Folder, now: datetime.datetime, replaced: Collection[str]) -> Iterator[str]:
    """The clients that use, or may use, a certificate of a former CA."""
    hosts, pipelines = [], []
    for client in fleet.clients.values():
        if client.folder != str(folder.root) or all(fleet.servers[each].own for each in client.servers):
            continue
        stored = usable(folder.certificates(CLIENTS, client.name), folder.authorities, now, client.since)
        if client.is_host and _is_former(folder, stored[:1]):
            hosts.append(client.name)
        if not client.is_host and _is_former(folder, stored) and client.name not in replaced:
            pipelines.append(client.name)
    for what, whose in (("clients", hosts), ("pipelines", pipelines)):
        if whose:
            yield f"{what} {names(sorted(whose))}"


def _is_former(folder: Folder, certificates: Collection[Certificate]) -> bool:
    return any(not signed(folder.authorities[0], each) for each in certificates)
