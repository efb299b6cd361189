# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the certificates of a fleet's own CA: keys on P-256, which every TLS 1.3 has. Pure but for the random keys."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATED = datetime.timedelta(minutes=10)
"""Certificates are valid from this long before they are issued: clocks of hosts differ."""

AUTHORITY_DAYS, SERVER_DAYS, HOST_DAYS, CLIENT_DAYS = 3650, 365, 365, 90
_LONGEST_COMMON_NAME = 64  # RFC 5280, ub-common-name
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Pair:
    """A certificate, and its private *key* as PEM (PKCS #8)."""

    certificate: x509.Certificate
    key: str = field(repr=False)


def new_authority(now: datetime.datetime) -> Pair:
    """A new CA, whose key signs nothing but certificates of servers and clients. *now* is aware of its time zone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"multiarch.builders CA {now:%Y-%m-%d %H:%M:%S}")])
    builder = _builder(name, name, key.public_key(), now, now + datetime.timedelta(days=AUTHORITY_DAYS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    return Pair(builder.sign(key, hashes.SHA256()), _text(key))


def issue(
    authority: Pair, subject: str, *, days: int, now: datetime.datetime, names: Sequence[str] | None = None
) -> Pair:
    """A certificate of *subject* with a new key: of a server with these *names* and addresses, else of a client.

    It never outlives the CA. *now* is aware of its time zone. Raises ValueError: a name that is not valid, or a CA with
    another kind of key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    end = min(now + datetime.timedelta(days=days), issuer.not_valid_after_utc)
    common = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:_LONGEST_COMMON_NAME])])
    purpose = ExtendedKeyUsageOID.CLIENT_AUTH if names is None else ExtendedKeyUsageOID.SERVER_AUTH
    builder = _builder(common, issuer.subject, key.public_key(), now, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage("digital_signature"), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    builder = builder.add_extension(_key_of(issuer), critical=False)
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([*map(_name, names)]), critical=False)
    signing = serialization.load_pem_private_key(authority.key.encode(), password=None)
    if not isinstance(signing, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise ValueError("the CA's key is neither on an elliptic curve nor RSA")
    return Pair(builder.sign(signing, hashes.SHA256()), _text(key))


def issued_at(certificate: x509.Certificate) -> datetime.datetime:
    """When one of our certificates was issued."""
    return certificate.not_valid_before_utc + BACKDATED


def valid_name(text: str) -> bool:
    """Whether a server's certificate may have this name or address, which has no zone: that is of one machine alone."""
    try:
        _name(text)
    except ValueError:
        return False
    return (
        bool(text) and "%" not in text and not any(each.isspace() or each in "/:@*" for each in _without_address(text))
    )


def _without_address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text
    return ""


def _key_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """What names the key of *issuer*, also of a CA that was made elsewhere."""
    try:
        found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = issuer.public_key()
        if not isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
            raise ValueError("the CA's key is neither on an elliptic curve nor RSA") from None
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*wanted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in wanted for name in _USAGES})


def _text(key: ec.EllipticCurvePrivateKey) -> str:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode("ascii")
