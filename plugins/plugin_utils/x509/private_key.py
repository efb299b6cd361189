# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private key of a client certificate, as clean PEM text. Messages never contain what was read."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, blocks
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def is_der_key(data: bytes) -> bool:
    """Whether *data* is a private key in DER."""
    try:
        serialization.load_der_private_key(data, password=None)
    except TypeError:
        return True  # encrypted, but a key
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def client_key(data: bytes, certificate_pem: str) -> str:
    """The private key in *data*, as PEM, that belongs to the first certificate of *certificate_pem*.

    Raises CertificateError: no key, more than one, encrypted, or another certificate's.
    """
    keys = [block for label, block in blocks(data) if "PRIVATE KEY" in label]
    if len(keys) > 1:
        raise CertificateError("contains more than one private key", "Use only the key of the client certificate")
    try:
        if keys:
            key = serialization.load_pem_private_key(keys[0], password=None)
        else:
            key = serialization.load_der_private_key(data, password=None)
    except TypeError as exc:
        remedy = "BuildKit does not support passphrases: decrypt it, and protect it with ansible-vault"
        raise CertificateError("is an encrypted private key", remedy) from exc
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise CertificateError("is not a private key", "Use PEM without a passphrase") from exc
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    if key.public_key() != _public_key(certificate):
        raise CertificateError(
            f"does not belong to the client certificate {certificate.subject.rfc4514_string()}",
            "Use the key of this certificate; in its file, the client's own certificate must come first",
        )
    return keys[0].decode("ascii") + "\n" if keys else _dump_key(key)


def _public_key(certificate: x509.Certificate) -> object:
    """None if it cannot be read; no key matches it."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _dump_key(key: PrivateKeyTypes) -> str:
    """*key* as PKCS #8 in PEM."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode("ascii")
