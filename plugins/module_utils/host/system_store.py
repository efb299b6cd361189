# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operating system's trust store: the folder for CAs, the command that refreshes it, and the resulting bundle."""

from __future__ import annotations

import base64
import hashlib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.look import exists
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

# basicConstraints (2.5.29.19) with CA:TRUE, and an X.509 version that supports it, in DER.
_CONSTRAINTS = re.compile(rb"\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04.\x30.\x01\x01\xff", re.DOTALL)
_VERSION_3 = b"\xa0\x03\x02\x01\x02"
# extendedKeyUsage (2.5.29.37) with up to 255 bytes, and serverAuth in it (1.3.6.1.5.5.7.3.1).
_PURPOSES = re.compile(rb"\x06\x03\x55\x1d\x25(?:\x01\x01\xff)?\x04(?:\x81)?(.)(.*)", re.DOTALL)
_FOR_SERVERS = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)


@dataclass(frozen=True)
class Store:
    """The folder for CAs, the refresh command, and the bundle; *links* is the folder of links to each CA, if any.

    *only_authorities*: certificates that are not a CA, or not one of servers, are not added to the bundle.
    """

    anchors: str
    suffix: str
    refresh: t.Tuple[str, ...]
    bundle: str
    links: t.Optional[str] = None
    only_authorities: bool = False

    def takes(self, pem: str) -> bool:
        """Whether a certificate is added to the bundle."""
        return not self.only_authorities or (is_authority(pem) and is_for_servers(pem))


DEBIAN = Store(
    "/usr/local/share/ca-certificates",
    ".crt",
    ("update-ca-certificates",),
    "/etc/ssl/certs/ca-certificates.crt",
    links="/etc/ssl/certs",
)
RED_HAT = Store(
    "/etc/pki/ca-trust/source/anchors",
    ".pem",
    ("update-ca-trust", "extract"),
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    only_authorities=True,  # update-ca-trust: `trust extract --filter=ca-anchors --purpose=server-auth`
)


def is_authority(pem: str) -> bool:
    """Whether p11-kit treats the certificate as a CA: by basicConstraints, absent in version 1 (trust/builder.c).

    Tried with p11-kit 0.25. The controller, which parses X.509, has checked that it is a certificate.
    """
    der = _der(pem)
    return _VERSION_3 not in der[:16] or _CONSTRAINTS.search(der) is not None


def is_for_servers(pem: str) -> bool:
    """Whether p11-kit treats the certificate as one for servers: by extendedKeyUsage, if it has one.

    p11-kit, trust/enumerate.c, on_iterate_load_filter: anyExtendedKeyUsage is not enough.
    """
    found = _PURPOSES.search(_der(pem))
    return found is None or _FOR_SERVERS in found.group(2)[: found.group(1)[0]]


def _der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.split("\n")[1:-2]))


def is_here(store: Store) -> bool:
    """Whether the host has the refresh command."""
    return any(exists(f"{folder}/{store.refresh[0]}") for folder in ("/usr/sbin", "/usr/bin"))


def system_store() -> Store:
    """This host's store, which may not be installed yet. Raises HostError on an unsupported system."""
    for store in (DEBIAN, RED_HAT):
        if is_here(store):
            return store
    if exists("/etc/debian_version"):
        return DEBIAN
    raise HostError("neither update-ca-certificates nor update-ca-trust is on this host: install ca-certificates")


def bundle_of(store: Store) -> str:
    """The certificates that programs trust, "" if there is no bundle yet."""
    return read(store.bundle, errors="replace") or ""


def blocks(pem: str) -> t.Tuple[str, ...]:
    """The certificates of a bundle, one by one."""
    return tuple(each.rstrip("\n") + "\n" for each in _BLOCK.findall(pem))


def fingerprints(pem: str) -> str:
    """A line `certificate sha256:HEX` for each certificate: for diffs, because PEM is not human-readable."""
    return "".join(f"certificate {_fingerprint(each)}\n" for each in blocks(pem))


def _fingerprint(pem: str) -> str:
    try:
        return f"sha256:{hashlib.sha256(base64.b64decode(''.join(pem.splitlines()[1:-1]))).hexdigest()}"
    except ValueError:  # a user's file may hold anything
        return "that cannot be read"
