# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the actions and facts of a served builder are described. Pure."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    AUTHORITIES,
    CLIENTS,
    SERVER,
    Client,
    clients_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Difference

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----")


def summary(path: str, before: t.Optional[str], after: str) -> str:
    """The action that writes a file of the program."""
    if path == CLIENTS:
        return f"write {path}: {_changed(_clients(before), clients_of(after))}"
    what = {SERVER: "the server's certificate and key", AUTHORITIES: "the CAs of clients"}[path]
    return f"write {path}: {what}"


def difference(path: str, before: t.Optional[str], after: str) -> Difference:
    """What changes in a file: of certificates their fingerprints, of a key nothing."""
    if path == CLIENTS:
        return Difference(path, _lines(map(_row, _clients(before))), _lines(map(_row, clients_of(after))))
    return Difference(path, _lines(fingerprints(before or "")), _lines(fingerprints(after)))


def fingerprints(pem: str) -> t.Tuple[str, ...]:
    """`sha256:…` of each certificate in *pem*."""
    found = []
    for block in _BLOCK.findall(pem):
        try:
            found.append(f"sha256:{hashlib.sha256(base64.b64decode(block)).hexdigest()}")
        except binascii.Error:
            found.append("a damaged certificate")
    return tuple(found)


def _lines(rows: t.Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


def _row(client: Client) -> str:
    return f"{client.name} sha256:{client.fingerprint} until {day(client.ends)}"


def day(ends: int) -> str:
    """The day (UTC) of a time in seconds since 1970, 0 for unknown."""
    return f"{datetime.datetime.fromtimestamp(ends, datetime.timezone.utc):%Y-%m-%d}" if ends else "an unknown day"


def _clients(text: t.Optional[str]) -> t.Tuple[Client, ...]:
    try:
        return clients_of(text or "{}")
    except ValueError:  # missing, or damaged
        return ()


def _changed(before: t.Sequence[Client], after: t.Sequence[Client]) -> str:
    """Who may connect from now on, and who no longer may."""
    former, names = {each.name for each in before}, {each.name for each in after}
    told = [
        *(f"{name} may connect" for name in sorted(names - former)),
        *(f"{name} may no longer connect, and its connections are closed" for name in sorted(former - names)),
    ]
    same = {each.fingerprint for each in before} ^ {each.fingerprint for each in after}
    if not told:
        told = ["other certificates of the same clients" if same else "the same clients"]
    return "; ".join(told)
