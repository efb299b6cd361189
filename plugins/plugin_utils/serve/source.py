# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts get from the folder of the CA. Nothing is issued here."""

from __future__ import annotations

import datetime
import functools
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Client, Fleet, Server
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import (
    CLIENTS,
    NEXT,
    SERVERS,
    Folder,
    FolderError,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import Pair, issue, new_authority
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.renewal import usable
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import dump, fingerprint
from cryptography.x509 import Certificate

PROVISION = "Run playbooks/provision-builders.yml, which issues it"


Keys = t.Literal["read", "check", "ignore"]


@dataclass(frozen=True)
class Files:
    """PEM texts: the trusted CAs, the certificate and its *key*, "" where keys are not read."""

    ca: str
    certificate: str
    key: str = field(repr=False)


class Source:
    """The certificates of a fleet's servers and clients.

    *keys* are decrypted, or it is only checked that they could be, or neither. With *stand_ins*, for plans that are not
    applied, what is missing is made up.
    """

    def __init__(
        self,
        fleet: Callable[[], Fleet],
        folder_of: Callable[[str], Folder],
        now: datetime.datetime,
        *,
        keys: Keys = "read",
        stand_ins: bool = False,
    ) -> None:
        self._fleet, self.folder_of, self.now = fleet, functools.cache(folder_of), now
        self._keys, self._stand_ins = keys, stand_ins
        self._found: Fleet | SpecError | None = None

    @property
    def fleet(self) -> Fleet:
        """The servers and clients; found when they are first asked for. Raises SpecError."""
        if self._found is None:
            try:
                self._found = self._fleet()
            except SpecError as exc:
                self._found = exc
        if isinstance(self._found, SpecError):
            raise self._found
        return self._found

    @property
    def is_used(self) -> bool:
        """Whether a host has asked for them."""
        return self._found is not None

    def of_server(self, server: Server) -> Files:
        """What the host that serves gets. Raises FolderError."""
        folder = self.folder_of(server.folder)
        return self._files(folder, SERVERS, server.name, server.names)

    def of_client(self, client: Client) -> Files:
        """What the host that is a client gets. Raises FolderError."""
        return self._files(self.folder_of(client.folder), CLIENTS, client.name, None, client.since)

    def allowed(self, server: Server) -> list[dict[str, t.Any]]:
        """{name, fingerprint, ends} of each certificate that the server accepts. Raises FolderError."""
        rows = []
        for client in self.fleet.clients_of(server.name):
            if client.folder != server.folder:  # an error, which is told elsewhere
                continue
            rows += [allowed_row(client.name, each) for each in self.certificates(client)]
        return rows

    def certificates(self, client: Client) -> tuple[Certificate, ...]:
        """Those of a client that are allowed, the one in use first. Raises FolderError."""
        folder = self.folder_of(client.folder)
        stored = (*folder.certificates(CLIENTS, client.name), *folder.certificates(NEXT, client.name))
        return usable(stored, folder.authorities, self.now, client.since)

    def _files(
        self,
        folder: Folder,
        kind: str,
        name: str,
        names: tuple[str, ...] | None,
        since: datetime.datetime | None = None,
    ) -> Files:
        authorities = folder.authorities
        first = folder.certificates(kind, name)[:1]
        if not usable(first, authorities, self.now, since) or not folder.has_key(kind, name):
            return self._stand_in(folder, kind, name, names)
        if self._keys == "check":
            folder.check_key(kind, name)
        key = folder.key(kind, name) if self._keys == "read" else ""
        return Files(dump(authorities), dump(first), key)

    def _stand_in(self, folder: Folder, kind: str, name: str, names: tuple[str, ...] | None) -> Files:
        if not self._stand_ins:
            what = "server" if kind == SERVERS else "client"
            raise FolderError(folder.root, f"has no certificate for {what} {name}", PROVISION)
        made = issue(_stand_in(), f"{name} (not issued yet)", days=1, now=self.now, names=names)
        return Files(dump(folder.authorities or [_stand_in().certificate]), dump([made.certificate]), made.key)


def allowed_row(name: str, certificate: Certificate) -> dict[str, t.Any]:
    """A client's certificate as the server's table has it."""
    ends = int(certificate.not_valid_after_utc.timestamp())
    return {"name": name, "fingerprint": fingerprint(certificate), "ends": ends}


@functools.cache
def _stand_in() -> Pair:
    return new_authority(datetime.datetime.now(datetime.UTC))
