# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program serves with, read as a whole: certificate and key of the server, CAs of clients, who may connect."""

from __future__ import annotations

import ssl
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import (
    AUTHORITIES,
    CLIENTS,
    FILES,
    SERVER,
    clients_of,
    digest,
)

_PARTIAL_CHAIN = ssl.VerifyFlags(0x80000)  # ssl.VERIFY_X509_PARTIAL_CHAIN of Python 3.10: an intermediate CA is enough


class ConfigurationError(Exception):
    """The files cannot be used; the message says why, without what is in them."""


@dataclass(frozen=True)
class Configuration:
    """*clients* are names by fingerprint; *digest* is that of the files that were read."""

    context: ssl.SSLContext
    clients: t.Mapping[str, str]
    digest: str


def load(root: str = "") -> Configuration:
    """The configuration in the files below *root*. Raises ConfigurationError."""
    texts = {path: _read(root + path) for path in FILES}
    try:
        rows = clients_of(texts[CLIENTS])
    except ValueError as exc:
        raise ConfigurationError(f"{CLIENTS}: {exc}") from None
    context = _context(root, texts)
    return Configuration(context, {each.fingerprint: each.name for each in rows}, digest(texts))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"{path} cannot be read: {exc}") from None


def _context(root: str, texts: t.Mapping[str, str]) -> ssl.SSLContext:
    """A server that demands a certificate which is good for clients; there is no resumption, so each one is verified.

    ALPN is offered, as Go's gRPC wants it (since 1.67), and not demanded: buildx does without (docker/buildx,
    driver/remote/driver.go, loadTLS()). All clients speak TLS 1.3, as Go does since 1.12.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= _PARTIAL_CHAIN
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    context.set_alpn_protocols(["h2"])
    try:
        context.load_verify_locations(cadata=texts[AUTHORITIES])
    except (ssl.SSLError, ValueError) as exc:
        raise ConfigurationError(f"{AUTHORITIES} has no usable certificates: {exc}") from None
    try:
        context.load_cert_chain(root + SERVER, password=_no_password)
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"{SERVER} is not a certificate with its key: {exc}") from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")
