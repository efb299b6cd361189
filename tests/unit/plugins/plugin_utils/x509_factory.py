# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys, made for one test."""

from __future__ import annotations

import datetime
import hashlib
import typing as t
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

_OTHER_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "crl_sign", "encipher_only", "decipher_only"),
)
_WITHOUT_DIGEST = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
Key = t.Union[
    ec.EllipticCurvePrivateKey,
    rsa.RSAPrivateKey,
    dsa.DSAPrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
]
NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)


@dataclass(frozen=True)
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256, as the collection writes it."""
        return hashlib.sha256(self.der).hexdigest()

    def key_bytes(self, *, password: bytes | None = None, der: bool = False, old: bool = False) -> bytes:
        form = serialization.PrivateFormat
        return self.key.private_bytes(
            serialization.Encoding.DER if der else serialization.Encoding.PEM,
            form.TraditionalOpenSSL if old else form.PKCS8,
            serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption(),
        )

    @property
    def key_pem(self) -> str:
        return self.key_bytes().decode()


def make(
    name: str = "Test CA",
    *,
    ca: bool | None = True,
    sign: bool | None = None,
    start: int = -30,
    end: int = 3650,
    issuer: Pair | None = None,
    names: tuple[str, ...] = (),
    purposes: tuple[x509.ObjectIdentifier, ...] = (),
    key: Key | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> Pair:
    """A certificate valid from *start* to *end*, in days from NOW. *ca*: basicConstraints, None for none at all;
    *sign*: keyCertSign in keyUsage, None for no keyUsage; *names*: those of a server; *purposes*: extendedKeyUsage;
    *key*: a new one if None; *extensions*: other critical ones."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=start))
        .not_valid_after(NOW + datetime.timedelta(days=end))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if sign is not None:
        usage = dict.fromkeys(_OTHER_USAGES, False)
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=sign, **usage), critical=True)
    if ca and sign:
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if names:  # as a server has them: Python 3.13 wants the identifiers, too
        signer = (issuer.key if issuer else key).public_key()
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer)
        builder = builder.add_extension(authority, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    signs = issuer.key if issuer else key
    return Pair(builder.sign(signs, None if isinstance(signs, _WITHOUT_DIGEST) else hashes.SHA256()), key)


def weakly_signed(name: str) -> str:
    """One of the certificates in data/weak-signatures.pem, as PEM."""
    text = (Path(__file__).parent / "data/weak-signatures.pem").read_text()
    return text.partition(f"# {name}\n")[2].partition("#")[0]
