# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kind of a certificate in `ca`: a root, an intermediate CA, or a server's own. Pure.

Certificates in a trust store are trusted as they are: the signature of what is already trusted is not checked. Tried
with dockerd 26.1.5 and 28.5.2 (Go: crypto/x509, verify.go), OpenSSL 3.5, Python 3.13, curl 8 and GnuTLS 3.8:

- A root may be signed with SHA-1 or MD5.
- An intermediate CA signed with SHA-1 or MD5 is accepted in `ca` by Go, curl and GnuTLS. OpenSSL continues to its root
  and rejects it. From a server, which sends it between its own certificate and the root, all reject it.
- A server's own certificate, self-signed and not a CA, is accepted by all of them, for itself. Without a subject
  alternative name only Go rejects it, with an extendedKeyUsage that is not for servers all do.
- A CA with such an extendedKeyUsage is rejected by all of them, in `ca`, too (Go: isValid, in verify.go).

Go leaves out of a pool what it cannot parse, without a message (crypto/x509, CertPool.AppendCertsFromPEM).
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, PublicKeyAlgorithmOID

NOT_PARSED = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What the library raises for a malformed certificate."""

_Kind = t.TypeVar("_Kind", bound=x509.ExtensionType)
_WEAK = {"md5": "MD5", "sha1": "SHA-1"}
_FOR_SERVERS = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_FOR_CLIENTS = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
# What Go knows (crypto/x509, parser.go: parsePublicKey, processExtensions; crypto/rsa since 1.24: checkKeySize).
_CURVES = ("secp224r1", "secp256r1", "secp384r1", "secp521r1")
_KEYS = {
    PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5,
    PublicKeyAlgorithmOID.EC_PUBLIC_KEY,
    PublicKeyAlgorithmOID.ED25519,
}
_OTHERS = {
    PublicKeyAlgorithmOID.RSASSA_PSS: "RSASSA-PSS",
    PublicKeyAlgorithmOID.ED448: "Ed448",
    PublicKeyAlgorithmOID.DSA: "DSA",
}
_SHORTEST_RSA = 1024
_EXTENSIONS = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.INHIBIT_ANY_POLICY,
}
_CONSTRAINED = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)
# Security level 2 of OpenSSL: the default since 3.2, and before of Debian, Ubuntu and Fedora.
_SHORTEST_RSA_OF_OPENSSL = 2048


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether Go and OpenSSL accept *certificate* as the issuer of others.

    basicConstraints must say so, and keyUsage, if present, allow keyCertSign; version 1 knows neither. Raises one of
    NOT_PARSED if they cannot be read.
    """
    if not _has_extensions(certificate):
        return True
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def names(certificate: x509.Certificate) -> list[str]:
    """The names and addresses that the certificate is for; common names are no longer used."""
    try:
        found = _extension(certificate, x509.SubjectAlternativeName)
        if found is None:
            return []
        return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    except NOT_PARSED:
        return []


def is_for_servers(certificate: x509.Certificate) -> bool:
    """Whether its extendedKeyUsage, if any, allows use by a server."""
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    return usages is None or bool(_FOR_SERVERS.intersection(usages))


def is_for_clients(certificate: x509.Certificate) -> bool:
    """The same for clients; True if it cannot be read."""
    try:
        usages = _extension(certificate, x509.ExtendedKeyUsage)
    except NOT_PARSED:
        return True
    return usages is None or bool(_FOR_CLIENTS.intersection(usages))


def unsupported_key(certificate: x509.Certificate) -> str:
    """What is wrong with its key for programs written in Go, for the end of a sentence; "" if they support it."""
    oid = certificate.public_key_algorithm_oid
    if oid not in _KEYS:
        return f"has a key of the algorithm {_OTHERS.get(oid, oid.dotted_string)}"
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "has a key that cannot be read"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        return f"has a key on the curve {key.curve.name}"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SHORTEST_RSA:
        return f"has an RSA key of {key.key_size} bits"
    return ""


def unsupported(certificate: x509.Certificate) -> str:
    """The same for all of the certificate. Raises one of NOT_PARSED if its extensions cannot be read."""
    critical = [each for each in certificate.extensions if each.critical] if _has_extensions(certificate) else []
    if any(not _is_supported(each.value) for each in critical):
        return "has critical name constraints that are neither DNS names, addresses, e-mail addresses nor URIs"
    unknown = [each.oid.dotted_string for each in critical if each.oid not in _EXTENSIONS]
    return f"has the critical extension {unknown[0]}" if unknown else unsupported_key(certificate)


def _has_extensions(certificate: x509.Certificate) -> bool:
    """Whether extensions count: version 1 has none."""
    return certificate.version is not x509.Version.v1


def _is_supported(value: x509.ExtensionType) -> bool:
    if not isinstance(value, x509.NameConstraints):
        return True
    trees = (*(value.permitted_subtrees or ()), *(value.excluded_subtrees or ()))
    return all(isinstance(each, _CONSTRAINED) for each in trees)


def short_key(certificate: x509.Certificate) -> int:
    """The bits of an RSA key that Go accepts and OpenSSL by default does not, 0 for any other key."""
    if certificate.public_key_algorithm_oid != PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5:
        return 0
    key = certificate.public_key()
    size = key.key_size if isinstance(key, rsa.RSAPublicKey) else 0
    return size if _SHORTEST_RSA <= size < _SHORTEST_RSA_OF_OPENSSL else 0


def is_root(certificate: x509.Certificate) -> bool:
    """Whether a chain ends here: by names and key identifiers, as OpenSSL decides (crypto/x509/v3_purp.c).

    The signature is ignored: the library cannot check some, such as those with SHA-1, and others do not either.
    """
    return certificate.subject == certificate.issuer and _keys_may_fit(certificate, certificate)


def may_have_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether *issuer* signed *certificate*, True if the library cannot check it."""
    if issuer.subject != certificate.issuer or not _keys_may_fit(issuer, certificate):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # ValueError is what it raises for SHA-1 and MD5
    return True


def without_issuer(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Those of *certificates* that are not roots, and whose issuer is not among them."""
    return [
        each
        for each in certificates
        if not is_root(each) and not any(may_have_issued(issuer, each) for issuer in certificates)
    ]


def weak_signature(certificate: x509.Certificate) -> str:
    """SHA-1 or MD5 if the certificate's signature uses it and is checked, else "".

    Go has always rejected MD5, and SHA-1 since 1.18 (crypto/x509, checkSignature), OpenSSL both since 3.0.
    """
    if is_root(certificate):
        return ""
    try:
        digest = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return _WEAK.get(digest.name, "") if digest is not None else ""


def _keys_may_fit(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether the identifiers of both keys, where both are given, are the same."""
    try:
        wanted = _extension(certificate, x509.AuthorityKeyIdentifier)
        found = _extension(issuer, x509.SubjectKeyIdentifier)
    except NOT_PARSED:
        return True
    return wanted is None or found is None or wanted.key_identifier in (None, found.digest)


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    if not _has_extensions(certificate):
        return None
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
