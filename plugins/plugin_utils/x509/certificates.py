# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509: turns a CA or client certificate into clean PEM text, or rejects it.

Messages never contain what was read: it could be a key.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import anchors
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import NOT_PARSED
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, blocks, unfinished
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.private_key import is_der_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

SERVERS, CLIENTS = "servers", "clients"

_MOST_TOLD = 3  # fingerprints in a message
# PEM labels of a certificate, by OpenSSL (crypto/pem.h), and of other forms: how they are converted.
_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
_CONVERSIONS = {
    "TRUSTED CERTIFICATE": "openssl x509 -in FILE -out ca.pem, for each certificate",
    "PKCS7": "openssl pkcs7 -in FILE -print_certs -out ca.pem",
    "CMS": "openssl pkcs7 -in FILE -print_certs -out ca.pem",
}
_REJECTED = "docker and BuildKit (Go) reject it"


@dataclass(frozen=True)
class CertificateText:
    """PEM text, one block after the other, each ending in a newline; *warnings* are for people.

    *certificates* are the parsed ones; none for a key.
    """

    pem: str
    warnings: tuple[str, ...] = ()
    certificates: tuple[x509.Certificate, ...] = field(default=(), compare=False, repr=False)


def load_certificates(data: bytes) -> list[x509.Certificate]:
    """Every certificate in *data*, PEM (one or a bundle) or one in DER; duplicates only once.

    Raises CertificateError: a private key among them, no certificate at all, or one that cannot be parsed.
    """
    found_blocks = blocks(data)
    if any("PRIVATE KEY" in label for label, _block in found_blocks) or is_der_key(data):
        raise CertificateError("contains a private key", "Use the certificate only, and keep the key secret")
    _refuse_losses(data, [label for label, _block in found_blocks])
    texts = [block for label, block in found_blocks if label in _LABELS] if found_blocks else [data]
    certificates: list[x509.Certificate] = []
    for number, text in enumerate(texts, start=1):
        try:
            certificate = _load(text, pem=bool(found_blocks))
        except NOT_PARSED as exc:
            where = f"has no certificate in block {number} of {len(texts)}"
            raise CertificateError(
                f"{where if len(texts) > 1 else 'is not a certificate'} ({len(text)} bytes cannot be parsed)",
                "Use X.509 certificates in PEM (-----BEGIN CERTIFICATE-----) or one in DER",
            ) from exc
        if certificate not in certificates:
            certificates.append(certificate)
    if not certificates:
        labels = ", ".join(sorted({label for label, _block in found_blocks}))
        raise CertificateError(f"contains no certificate, only {labels}", "Use PEM with BEGIN CERTIFICATE blocks")
    return certificates


def _refuse_losses(data: bytes, labels: Sequence[str]) -> None:
    """Raise CertificateError if *data* has certificates, in its blocks with *labels* or outside, that are not read."""
    for label in labels:
        if label in _CONVERSIONS:
            raise CertificateError(f"contains certificates as {label}", f"Convert it: {_CONVERSIONS[label]}")
    if any("CERTIFICATE" in label for label in unfinished(data)):
        raise CertificateError("ends within a certificate, whose END line is missing", "Use the whole file")


def _load(text: bytes, *, pem: bool) -> x509.Certificate:
    """The certificate in *text*, PEM or DER. Raises one of NOT_PARSED."""
    certificate = x509.load_pem_x509_certificate(text) if pem else x509.load_der_x509_certificate(text)
    require_fields(certificate)
    return certificate


def require_fields(certificate: x509.Certificate) -> None:
    """Raise one of NOT_PARSED if a field cannot be read: the library parses each on access."""
    for name in (certificate.subject, certificate.issuer):
        name.rfc4514_string()
    for moment in (certificate.not_valid_before_utc, certificate.not_valid_after_utc):
        moment.isoformat()


def subject(certificate: x509.Certificate) -> str:
    """The certificate's name for messages; its serial number where it has none."""
    return certificate.subject.rfc4514_string() or f"serial number {certificate.serial_number:x}"


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in DER, as 64 digits in lower case."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def parse_fingerprint(text: str) -> str:
    """*text*, as people and openssl write it, in the form of `fingerprint`. Raises CertificateError."""
    found = re.fullmatch(r"(?:sha256(?::| fingerprint=))?((?:[0-9a-f]{2}[: ]?){31}[0-9a-f]{2})", text.strip().lower())
    if found is None:
        raise CertificateError(
            "is not a SHA-256 fingerprint",
            "Write its 64 hexadecimal digits, as printed by `openssl x509 -noout -fingerprint -sha256 -in FILE`",
        )
    return re.sub("[: ]", "", found[1])


def with_fingerprint(certificates: Sequence[x509.Certificate], wanted: str) -> x509.Certificate | None:
    """The one of *certificates* that has the fingerprint *wanted*."""
    return next((each for each in certificates if fingerprint(each) == wanted), None)


def fingerprints(certificates: Sequence[x509.Certificate]) -> str:
    """The fingerprints of *certificates*, for messages."""
    told = [f"{subject(each)} has sha256:{fingerprint(each)}" for each in certificates[:_MOST_TOLD]]
    more = len(certificates) - len(told)
    return ", ".join([*told, *([f"and {more} more"] if more else [])])


def dump(certificates: Sequence[x509.Certificate]) -> str:
    """*certificates* as PEM text."""
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode("ascii") for each in certificates)


def _validity(certificate: x509.Certificate, now: datetime.datetime, days: int) -> tuple[bool, str]:
    """(usable now?, what to say about its dates: empty when all is well)."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        return False, f"certificate {subject(certificate)} expired on {end:%Y-%m-%d}"
    if now < start:
        return False, f"certificate {subject(certificate)} is not valid before {start:%Y-%m-%d}"
    if (end - now) / datetime.timedelta(days=1) <= days:
        return True, f"certificate {subject(certificate)} expires on {end:%Y-%m-%d}, in {(end - now).days} days"
    return True, ""


def _check_dates(
    certificates: Sequence[x509.Certificate], now: datetime.datetime, days: int, remedy: str
) -> tuple[str, ...]:
    """The warnings about dates. Raises CertificateError if none of *certificates* is valid now.

    One valid certificate in a bundle is enough: during a rotation it contains both the next and the previous CA.
    """
    dates = [_validity(certificate, now, days) for certificate in certificates]
    if not any(usable for usable, _text in dates):
        raise CertificateError("; ".join(text for _usable, text in dates), remedy)
    return tuple(text for _usable, text in dates if text)


def _check_chains(certificates: Sequence[x509.Certificate]) -> tuple[str, ...]:
    """The warnings about intermediate CAs: without their issuer, or with a signature that some clients reject.

    Go trusts whatever is in its pool; OpenSSL needs a self-signed root without X509_V_FLAG_PARTIAL_CHAIN.
    """
    lonely = tuple(
        f"certificate {subject(each)} is an intermediate CA, and its issuer {each.issuer.rfc4514_string()} is missing: "
        "dockerd and BuildKit trust it anyway, but programs with OpenSSL may not; add the issuer"
        for each in anchors.without_issuer(certificates)
    )
    weak = tuple(
        f"certificate {subject(each)} is an intermediate CA signed with {anchors.weak_signature(each)}: dockerd and "
        "BuildKit accept it in `ca`, but reject it if the server sends it and `ca` only has its root; programs with "
        "OpenSSL may always reject it; have it reissued with SHA-256"
        for each in certificates
        if anchors.weak_signature(each)
    )
    return lonely + weak


def _check_support(certificates: Sequence[x509.Certificate], now: datetime.datetime, purpose: str) -> tuple[str, ...]:
    """The warnings about what docker and BuildKit reject. Raises CertificateError if they reject all that is valid."""
    refused = {each: why for each in certificates if (why := _unsupported(each, purpose))}
    if all(each in refused or not _validity(each, now, 0)[0] for each in certificates):
        raise CertificateError(
            "; ".join(f"certificate {subject(each)} {why}: {_REJECTED}" for each, why in refused.items()),
            "Use the CA that issues certificates for servers, or have it reissued as Go supports it (keys: RSA, P-256, "
            "P-384, P-521 or Ed25519)",
        )
    short = tuple(
        f"certificate {subject(each)} has an RSA key of {bits} bits: docker and BuildKit accept it, but programs with "
        "OpenSSL usually require 2048; have it reissued"
        for each in certificates
        if (bits := anchors.short_key(each))
    )
    return (*(f"certificate {subject(each)} {why}: {_REJECTED}" for each, why in refused.items()), *short)


def _unsupported(certificate: x509.Certificate, purpose: str) -> str:
    why = anchors.unsupported(certificate)
    if not why and purpose == SERVERS and not anchors.is_for_servers(certificate):
        return "has an extendedKeyUsage that is not for servers"
    return why


def authorities(data: bytes, *, now: datetime.datetime, warn_days: int, purpose: str = SERVERS) -> CertificateText:
    """The CA certificates in *data*, those of SERVERS or CLIENTS. *now* is aware of its time zone.

    Raises CertificateError.
    """
    certificates = load_certificates(data)
    own = tuple(_own(each) for each in certificates if not _is_authority(each))
    dates = _check_dates(certificates, now, warn_days, "Use a CA certificate that is valid now")
    support = _check_support(certificates, now, purpose)
    return CertificateText(dump(certificates), dates + own + support + _check_chains(certificates), tuple(certificates))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return anchors.is_authority(certificate)
    except NOT_PARSED as exc:
        message = f"certificate {subject(certificate)} has extensions that cannot be parsed"
        raise CertificateError(message, "Have it reissued: other programs may reject it, too") from exc


def _own(certificate: x509.Certificate) -> str:
    """The warning about a server's own self-signed certificate, which is not a CA and only trusted for itself.

    Raises CertificateError for any other certificate.
    """
    name = subject(certificate)
    if not (anchors.is_root(certificate) and anchors.may_have_issued(certificate, certificate)):
        raise CertificateError(
            f"certificate {name} is not a CA (basicConstraints or keyUsage)",
            f"Use the certificate of the CA that signed the server's: this one is signed by "
            f"{certificate.issuer.rfc4514_string()}",
        )
    if not anchors.names(certificate):
        raise CertificateError(
            f"certificate {name} is self-signed and not a CA, so it is only trusted for itself, but has no subject "
            "alternative name: docker and BuildKit (Go) reject it from a server",
            "Recreate the server's certificate with one, for example with `openssl req -x509 … -addext "
            "subjectAltName=DNS:HOST`, or have it issued by a CA and give that",
        )
    if not anchors.is_for_servers(certificate):
        raise CertificateError(
            f"certificate {name} is self-signed and not a CA, so it is only trusted for itself, but its "
            "extendedKeyUsage is not for servers",
            "Use the certificate that the server presents, or that of the CA that signed it",
        )
    return (
        f"certificate {name} is self-signed and not a CA: it is only trusted for itself, as "
        f"{', '.join(anchors.names(certificate))}; before replacing it on the server, add the new one here"
    )


def client_certificate(
    data: bytes, *, now: datetime.datetime, warn_days: int, purpose: str = CLIENTS
) -> CertificateText:
    """The client certificate in *data*, first in its chain; with *purpose* SERVERS that of a server.

    Raises CertificateError.
    """
    certificates = load_certificates(data)
    first = certificates[0]
    warnings = _check_dates([first], now, warn_days, "Have the client certificate reissued")
    if why := anchors.unsupported_key(first):
        raise CertificateError(
            f"certificate {subject(first)} {why}: {_REJECTED}",
            "Have the client certificate reissued with an RSA, P-256, P-384, P-521 or Ed25519 key",
        )
    if purpose == CLIENTS and not anchors.is_for_clients(first):
        name = f"certificate {subject(first)}"
        warnings += (f"{name} has an extendedKeyUsage that is not for clients: most servers reject it",)
    return CertificateText(dump(certificates), warnings, tuple(certificates))
