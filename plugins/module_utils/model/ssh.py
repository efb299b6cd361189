# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that schedulers reach by ssh with keys of ours: names, public keys, fingerprints. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import typing as t
from dataclasses import dataclass

SUFFIX = ".multiarch-builders"
"""The end of a node's name for ssh: no domain has it, so that our settings apply to docker's connections alone."""
_PUBLIC = re.compile(r"((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,3})(?: .*)?")


@dataclass(frozen=True)
class SshNode:
    """A *host* of the inventory at *address* and *port*, where users of a scheduler log in as *login*."""

    host: str
    address: str
    login: str
    port: int = 22

    @property
    def alias(self) -> str:
        """Its name for ssh."""
        return alias_of(self.host)


def alias_of(host: str) -> str:
    """The name for ssh of a host of the inventory: ssh compares names in lower case (ssh_config(5), Host)."""
    return re.sub(r"[^a-z0-9._-]+", "-", host.lower()).strip("-.") + SUFFIX


def node_of(row: t.Mapping[str, t.Any]) -> SshNode:
    """The node of what the controller compiled."""
    return SshNode(str(row["host"]), str(row["address"]), str(row["login"]), int(row["port"]))


def public_key(text: str) -> str:
    """Type and key of a line of a .pub file, without its comment; "" if it is none."""
    found = _PUBLIC.fullmatch(text.strip())
    return f"{found[1]} {found[2]}" if found else ""


def fingerprint(key: str) -> str:
    """A public key as ssh-keygen shows it, such as SHA256:47DEQpj8…, after its type."""
    kind, _space, blob = key.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(blob)).digest()
    except (ValueError, binascii.Error):
        return kind
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
