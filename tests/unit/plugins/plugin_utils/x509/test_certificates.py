# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CA and client certificates, as people give them."""

from __future__ import annotations

import base64
import ipaddress
import re
import typing as t
from functools import partial

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import is_authority
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    CLIENTS,
    SERVERS,
    CertificateText,
    dump,
    fingerprint,
    fingerprints,
    load_certificates,
    parse_fingerprint,
    with_fingerprint,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    authorities as authorities_for,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    client_certificate as client_certificate_for,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import (
    NOW,
    Pair,
    make,
    weakly_signed,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

CA = make("CA one")
NEXT = make("CA two")
SUB = make("sub", issuer=CA)
authorities = partial(authorities_for, warn_days=30)
client_certificate = partial(client_certificate_for, warn_days=30)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        pytest.param(CA.pem.encode(), CA.pem, id="as it should be"),
        pytest.param(CA.pem.replace("\n", "\r\n").encode(), CA.pem, id="Windows line ends"),
        pytest.param(CA.pem.replace("\n", "\r").encode(), CA.pem, id="old Mac line ends"),
        pytest.param(CA.pem.rstrip().encode(), CA.pem, id="no newline at the end"),
        pytest.param(b"\xef\xbb\xbf" + CA.pem.encode(), CA.pem, id="byte order mark"),
        pytest.param(CA.der, CA.pem, id="DER"),
        pytest.param(f"subject=CN = x\n{CA.pem}\n# end\n".encode(), CA.pem, id="text around, as openssl s_client"),
        pytest.param("\n".join("  " + line for line in CA.pem.split("\n")).encode(), CA.pem, id="indented, from YAML"),
        pytest.param((CA.pem + NEXT.pem).encode(), CA.pem + NEXT.pem, id="bundle, order kept"),
        pytest.param((CA.pem + NEXT.pem + CA.pem).encode(), CA.pem + NEXT.pem, id="duplicate dropped"),
        pytest.param((CA.pem + NEXT.pem).replace("\n", "\r\n").encode(), CA.pem + NEXT.pem, id="Windows bundle"),
        pytest.param((SUB.pem + CA.pem).encode(), SUB.pem + CA.pem, id="intermediate CA with its issuer"),
        pytest.param((CA.pem + SUB.pem).encode(), CA.pem + SUB.pem, id="the same, issuer first"),
        pytest.param(CA.pem.replace("\n", "\r\r\n").encode(), CA.pem, id="Windows line ends, converted twice"),
        pytest.param(CA.pem.replace("\n", " ").encode(), CA.pem, id="folded, from YAML"),
        pytest.param(CA.pem.replace("CERT", "X509 CERT").encode(), CA.pem, id="an older label"),
    ],
)
def test_every_form_of_a_ca_becomes_the_same_clean_pem(given: bytes, clean: str) -> None:
    found = authorities(given, now=NOW)
    assert found.pem == clean
    assert found.warnings == ()


ISSUED = make("server", ca=False, issuer=CA)
NAMELESS = "self-signed and not a CA, so it is only trusted for itself, but has no subject alternative name"


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        pytest.param(b"hello", "is not a certificate", "BEGIN CERTIFICATE", id="text"),
        pytest.param(CA.pem.replace("M", "?", 3).encode(), "is not a certificate", "PEM", id="broken base64"),
        pytest.param(
            base64.b64encode(CA.der), "is not a certificate", "BEGIN CERTIFICATE", id="base64 without its frame"
        ),
        pytest.param(CA.key_pem.encode(), "private key", "keep the key secret", id="key for certificate"),
        pytest.param(CA.key_bytes(der=True), "private key", "keep the key secret", id="key in DER"),
        pytest.param(CA.key_bytes(der=True, password=b"pw"), "private key", "secret", id="encrypted key in DER"),
        pytest.param((CA.pem + CA.key_pem).encode(), "private key", "certificate only", id="certificate with its key"),
        pytest.param(ISSUED.pem.encode(), "CN=server is not a CA", "the CA that signed", id="the server's own"),
        pytest.param(make("x", ca=False).pem.encode(), NAMELESS, "subjectAltName", id="self-signed, without a name"),
        pytest.param(make("x", ca=None).pem.encode(), NAMELESS, "subjectAltName", id="no basicConstraints, no name"),
        pytest.param(make("x", sign=False).pem.encode(), NAMELESS, "CA", id="keyUsage without keyCertSign, no name"),
        pytest.param(
            make("x", ca=False, names=("a.b",), purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)).pem.encode(),
            "only trusted for itself, but its extendedKeyUsage is not for servers",
            "that the server presents",
            id="self-signed, for clients",
        ),
        pytest.param(
            make("CA one", ca=False, issuer=CA, names=("a.b",)).pem.encode(),
            "CN=CA one is not a CA",
            "signed by CN=CA one",
            id="a server with the name of its CA",
        ),
        pytest.param((CA.pem + ISSUED.pem).encode(), "CN=server is not a CA", "CA", id="chain with the server's"),
        pytest.param(make("x", end=-1).pem.encode(), "CN=x expired on 2026-05-31", "valid now", id="expired"),
        pytest.param(make("x", end=-1).der, "CN=x expired on 2026-05-31", "valid now", id="expired, DER"),
        pytest.param(
            make("x", end=-1).pem.replace("\n", "\r\n").encode(), "CN=x expired on", "valid now", id="expired, Windows"
        ),
        pytest.param(ISSUED.der, "CN=server is not a CA", "the CA that signed", id="the server's own, DER"),
        pytest.param(
            CA.key_pem.replace("\n", "\r\n").encode(), "private key", "keep the key secret", id="key, Windows"
        ),
        pytest.param(CA.key_bytes(old=True), "private key", "keep the key secret", id="key in the older form"),
        pytest.param(
            (CA.pem + NEXT.pem.replace("M", "?", 3)).encode(),
            "has no certificate in block 2 of 2 (",
            "BEGIN CERTIFICATE",
            id="a bundle with one that is broken",
        ),
        pytest.param(CA.der + b"x", "is not a certificate", "one in DER", id="DER and more"),
        pytest.param(CA.der[:-1], "is not a certificate", "one in DER", id="DER, cut off"),
        pytest.param(
            CA.der.replace(b"\x30\x03\x01\x01\xff", b"\x31\x03\x01\x01\xff"),
            "extensions that cannot be parsed",
            "reissued",
            id="basicConstraints that are none",
        ),
        pytest.param(make("xyz").der.replace(b"xyz", b"xy\xff"), "is not a certificate", "one in DER", id="no UTF-8"),
        pytest.param(make("x", start=9).pem.encode(), "not valid before 2026-06-10", "valid now", id="too early"),
        pytest.param(
            (make("x", end=-1).pem + make("y", start=9).pem).encode(),
            "CN=x expired on 2026-05-31; certificate CN=y is not valid before 2026-06-10",
            "valid now",
            id="a gap in a rotation",
        ),
        pytest.param(
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "contains no certificate, only CERTIFICATE REQUEST",
            "BEGIN CERTIFICATE",
            id="a request",
        ),
        pytest.param(
            (CA.pem + NEXT.pem.replace("CERT", "TRUSTED CERT")).encode(),
            "contains certificates as TRUSTED CERTIFICATE",
            "openssl x509 -in FILE",
            id="a bundle with one in OpenSSL's own form",
        ),
        pytest.param(
            (CA.pem + NEXT.pem.replace("CERTIFICATE", "PKCS7")).encode(),
            "contains certificates as PKCS7",
            "openssl pkcs7 -in FILE -print_certs",
            id="a bundle with one as Windows exports it",
        ),
        pytest.param(
            (CA.pem + NEXT.pem[:-40]).encode(), "ends within a certificate", "the whole file", id="a bundle, cut off"
        ),
    ],
)
def test_what_is_no_usable_ca_is_refused_without_being_shown(given: bytes, message: str, remedy: str) -> None:
    with pytest.raises(CertificateError) as caught:
        authorities(given, now=NOW)
    assert message in str(caught.value)
    assert remedy in caught.value.remedy
    told = str(caught.value) + caught.value.remedy
    assert not any(line in told for line in CA.key_pem.splitlines()[1:-1])


# openssl x509 -req -signkey, which makes version 1 unless told otherwise; valid 2026-11-21 to 2126-10-28
VERSION_1 = """\
-----BEGIN CERTIFICATE-----
MIIBJDCBywIUVwBvs19RvfmeV+PMbC31kQh/dlcwCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJdmVyc2lvbiAxMCAXDTI2MTEyMTA2MDQyNloYDzIxMjYxMDI4MDYwNDI2
WjAUMRIwEAYDVQQDDAl2ZXJzaW9uIDEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AASEGaX5GjeEjwehzgkYkGlnTz1sDQBCB3e/nJwxUFriWsFs8K5ckF/crgwNxCPP
YlxzYF6knFsYD5+JBWOupc1bMAoGCCqGSM49BAMCA0gAMEUCIQDi5+bft+FUbxAq
ekTU2nY0Z8Cvm6wNKFaJC6a5wEmbfAIgNIUN+M2YOSmRAwCcKY3ZutzQCbF3tFBj
DX5eb1bX6tE=
-----END CERTIFICATE-----
"""


def test_a_certificate_of_version_1_is_an_authority_as_go_says() -> None:
    later = NOW.replace(year=2027)
    assert authorities(VERSION_1.encode(), now=later) == CertificateText(VERSION_1)
    assert is_authority(VERSION_1), "and as p11-kit does"


def of_version_1(pem: str) -> str:
    """The certificate without its version, which then is 1, and with its extensions, which it must not have."""
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(serialization.Encoding.DER)
    assert der[8:13] == b"\xa0\x03\x02\x01\x02"
    outer, inner = (int.from_bytes(der[at : at + 2], "big") - 5 for at in (2, 6))
    der = der[:2] + outer.to_bytes(2, "big") + der[4:6] + inner.to_bytes(2, "big") + der[13:]
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("check", "purpose"),
    [(authorities, ExtendedKeyUsageOID.CLIENT_AUTH), (client_certificate, ExtendedKeyUsageOID.SERVER_AUTH)],
)
def test_extensions_of_version_1_do_not_count(
    check: t.Callable[..., CertificateText], purpose: x509.ObjectIdentifier
) -> None:
    pair = make("c", ca=False, purposes=(purpose,), names=("c.example",))
    assert check(of_version_1(pair.pem).encode(), now=NOW).warnings == ()


def test_a_ca_with_key_usage_that_allows_signing_is_one() -> None:
    assert authorities(make("x", sign=True).pem.encode(), now=NOW).warnings == ()


@pytest.mark.parametrize(
    ("bundle", "warnings"),
    [
        pytest.param([make("a", end=30)], ["certificate CN=a expires on 2026-07-01, in 30 days"], id="30 days left"),
        pytest.param([make("a", end=31)], [], id="31 days left"),
        pytest.param(
            [make("a", end=30), make("b", end=1)],
            [
                "certificate CN=a expires on 2026-07-01, in 30 days",
                "certificate CN=b expires on 2026-06-02, in 1 days",
            ],
            id="both, each of its own",
        ),
        pytest.param([CA, make("old", end=-2)], ["certificate CN=old expired on 2026-05-30"], id="rotation, late"),
        pytest.param(
            [CA, make("new", start=2)], ["certificate CN=new is not valid before 2026-06-03"], id="rotation, early"
        ),
    ],
)
def test_dates_that_stop_nobody_are_warnings(bundle: list[object], warnings: list[str]) -> None:
    pem = "".join(pair.pem for pair in bundle)  # type: ignore[attr-defined]
    found = authorities(pem.encode(), now=NOW)
    assert list(found.warnings) == warnings
    assert found.pem == pem, "nothing of the bundle is lost"


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(make("s", ca=None, names=("a.b", "c.d")), id="no basicConstraints"),
        pytest.param(make("s", ca=False, names=("a.b", "c.d")), id="CA:FALSE"),
        pytest.param(make("s", sign=False, names=("a.b", "c.d")), id="a CA that may sign nothing"),
        pytest.param(
            make("s", ca=False, names=("a.b", "c.d"), purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)), id="for servers"
        ),
    ],
)
def test_a_self_signed_server_certificate_is_trust_for_itself(pair: Pair) -> None:
    found = authorities((CA.pem + pair.pem).encode(), now=NOW)
    assert found.pem == CA.pem + pair.pem
    assert found.warnings == (
        "certificate CN=s is self-signed and not a CA: it is only trusted for itself, as a.b, c.d; before replacing "
        "it on the server, add the new one here",
    )


MISSING = "certificate CN=sub is an intermediate CA, and its issuer CN=CA one is missing: dockerd and BuildKit trust"


@pytest.mark.parametrize(
    ("bundle", "warnings"),
    [
        pytest.param([SUB], [MISSING], id="alone"),
        pytest.param([NEXT, SUB], [MISSING], id="beside another CA"),
        pytest.param([make("CA one"), SUB], [MISSING], id="beside a CA with the issuer's name and another key"),
        pytest.param([SUB, CA], [], id="with its issuer"),
        pytest.param(
            [make("sub2", issuer=SUB), SUB],
            [MISSING],
            id="a chain without its end: only the last is missing something",
        ),
    ],
)
def test_an_intermediate_ca_without_its_issuer_is_a_warning(bundle: list[Pair], warnings: list[str]) -> None:
    pem = "".join(pair.pem for pair in bundle)
    found = authorities(pem.encode(), now=NOW)
    assert [text[: len(MISSING)] for text in found.warnings] == warnings
    assert found.pem == pem


@pytest.mark.parametrize(
    ("names", "warned"),
    [
        pytest.param(["root-sha1"], [], id="a root signed with SHA-1"),
        pytest.param(["root-md5"], [], id="a root signed with MD5"),
        pytest.param(
            ["root-sha256", "sub-sha1"],
            ["CN=sub-sha1 is an intermediate CA signed with SHA-1"],
            id="SHA-1 below a root",
        ),
        pytest.param(["root-md5", "sub-md5"], ["CN=sub-md5 is an intermediate CA signed with MD5"], id="MD5 below one"),
        pytest.param(
            ["root-sha1", "sub-sha1"],
            [
                "CN=sub-sha1 is an intermediate CA, and its issuer CN=root-sha256 is missing",
                "CN=sub-sha1 is an intermediate CA signed with SHA-1",
            ],
            id="SHA-1, and another root",
        ),
        pytest.param(["server-sha1"], ["CN=server-sha1 is self-signed and not a CA"], id="a server's own, with SHA-1"),
    ],
)
def test_a_weak_signature_matters_where_somebody_checks_it(names: list[str], warned: list[str]) -> None:
    """A root's own signature is nobody's business; cryptography raises ValueError for SHA-1 and MD5."""
    pem = "".join(weakly_signed(name) for name in names)
    found = authorities(pem.encode(), now=NOW)
    assert found.pem == pem
    assert [text[: len(start) + 12] for text, start in zip(found.warnings, warned, strict=True)] == [
        f"certificate {start}" for start in warned
    ]


@pytest.mark.parametrize(
    ("end", "days", "warned"),
    [
        pytest.param(90, 90, True, id="on the day"),
        pytest.param(91, 90, False, id="the day before"),
        pytest.param(1, 0, False, id="0 is never"),
        pytest.param(3650, 10**12, True, id="more days than dates have"),
    ],
)
def test_how_many_days_before_is_for_the_user_to_say(end: int, days: int, warned: bool) -> None:
    ca, client = make("a", end=end), make("b", ca=False, end=end)
    assert bool(authorities_for(ca.pem.encode(), now=NOW, warn_days=days).warnings) is warned
    assert bool(client_certificate_for(client.pem.encode(), now=NOW, warn_days=days).warnings) is warned


CRITICAL = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
FOR_PEOPLE = x509.NameConstraints([x509.DirectoryName(CA.certificate.subject)], None)
FOR_NAMES = x509.NameConstraints([x509.DNSName("example.com")], [x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(
            make("x", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)).der,
            "has an extendedKeyUsage that is not for servers",
            id="the CA of clients",
        ),
        pytest.param(
            make("x", key=ec.generate_private_key(ec.BrainpoolP384R1())).der,
            "has a key on the curve brainpoolP384r1",
            id="Brainpool",
        ),
        pytest.param(
            make("x", key=ec.generate_private_key(ec.SECP256K1())).der,
            "has a key on the curve secp256k1",
            id="secp256k1",
        ),
        pytest.param(
            make("x", key=ed448.Ed448PrivateKey.generate()).der, "has a key of the algorithm Ed448", id="Ed448"
        ),
        pytest.param(make("x", key=dsa.generate_private_key(1024)).der, "has a key of the algorithm DSA", id="DSA"),
        pytest.param(
            make("x", extensions=(CRITICAL,)).der,
            "has the critical extension 1.3.6.1.4.1.99999.1",
            id="an unknown critical extension",
        ),
        pytest.param(
            make("x", extensions=(FOR_PEOPLE,)).der,
            "has critical name constraints that are neither DNS names, addresses, e-mail addresses nor URIs",
            id="constraints on a directory's names",
        ),
    ],
)
def test_a_ca_that_go_rejects_is_refused_unless_another_is_valid(given: bytes, why: str) -> None:
    """Go leaves it out of its pool, or rejects what it signed: x509: certificate signed by unknown authority."""
    told = f"certificate CN=x {why}: docker and BuildKit (Go) reject it"
    with pytest.raises(CertificateError, match=re.escape(told)) as caught:
        authorities(given, now=NOW)
    assert "RSA, P-256, P-384, P-521 or Ed25519" in caught.value.remedy
    pem = dump(load_certificates(given))
    with pytest.raises(CertificateError, match=re.escape(told)):
        authorities((make("old", end=-1).pem + pem).encode(), now=NOW)
    assert authorities((CA.pem + pem).encode(), now=NOW) == CertificateText(CA.pem + pem, (told,))


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(make("x", key=ec.generate_private_key(ec.SECP224R1())), id="P-224"),
        pytest.param(make("x", key=ec.generate_private_key(ec.SECP521R1())), id="P-521"),
        pytest.param(make("x", key=ed25519.Ed25519PrivateKey.generate()), id="Ed25519"),
        pytest.param(make("x", key=rsa.generate_private_key(65537, 2048)), id="RSA"),
        pytest.param(make("x", extensions=(FOR_NAMES,)), id="constraints on names and addresses"),
        pytest.param(
            make("x", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)), id="for both"
        ),
        pytest.param(make("x", purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), id="for anything"),
    ],
)
def test_a_ca_that_go_accepts(pair: Pair) -> None:
    assert authorities(pair.pem.encode(), now=NOW) == CertificateText(pair.pem)


def test_the_ca_of_clients_is_one_where_clients_are_verified() -> None:
    pair = make("x", purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,))
    assert authorities(pair.pem.encode(), now=NOW, purpose=CLIENTS) == CertificateText(pair.pem)


def test_a_short_rsa_key_is_a_warning_as_openssl_rejects_it() -> None:
    pair = make("x", key=rsa.generate_private_key(65537, 1024))
    (warning,) = authorities(pair.pem.encode(), now=NOW).warnings
    assert warning.startswith("certificate CN=x has an RSA key of 1024 bits: docker and BuildKit accept it, but")


HEX = CA.fingerprint
COLONS = ":".join(HEX[index : index + 2] for index in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEX, id="hex"),
        pytest.param(HEX.upper(), id="upper case"),
        pytest.param(COLONS, id="colons"),
        pytest.param(COLONS.replace(":", " "), id="spaces, as macOS shows it"),
        pytest.param(f"sha256:{HEX}", id="prefix"),
        pytest.param(f"SHA256:{COLONS}", id="prefix and colons"),
        pytest.param(f" {COLONS}\n", id="space around"),
        pytest.param(f"sha256 Fingerprint={COLONS}", id="all that openssl tells"),
    ],
)
def test_a_fingerprint_as_people_write_it(text: str) -> None:
    assert parse_fingerprint(text) == HEX == fingerprint(CA.certificate)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(HEX[:40], id="SHA-1"),
        pytest.param(f"sha1:{HEX[:40]}", id="SHA-1, told"),
        pytest.param(HEX + "00", id="too long"),
        pytest.param(HEX[:-1] + "g", id="no digit"),
        pytest.param(f"sha512:{HEX}", id="another hash"),
        pytest.param(f":{COLONS}", id="colon in front"),
        pytest.param(base64.b64encode(bytes.fromhex(HEX)).decode(), id="base64"),
    ],
)
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(CertificateError, match="is not a SHA-256 fingerprint") as caught:
        parse_fingerprint(text)
    assert "openssl x509 -noout -fingerprint -sha256" in caught.value.remedy


def test_the_certificate_with_the_fingerprint() -> None:
    both = load_certificates((CA.pem + NEXT.pem).encode())
    assert with_fingerprint(both, NEXT.fingerprint) == NEXT.certificate
    assert with_fingerprint(both[:1], NEXT.fingerprint) is None


def test_a_message_tells_three_fingerprints_at_most() -> None:
    certificates = [CA.certificate, NEXT.certificate]
    assert fingerprints(certificates) == (
        f"CN=CA one has sha256:{CA.fingerprint}, CN=CA two has sha256:{NEXT.fingerprint}"
    )
    assert fingerprints(certificates * 3).endswith("and 3 more")


def test_a_client_certificate_needs_no_ca_flag_and_keeps_its_chain() -> None:
    client = make("client", ca=False, issuer=CA)
    assert client_certificate((client.pem + CA.pem).encode(), now=NOW).pem == client.pem + CA.pem


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(make("c", ca=False, end=-1).der, "CN=c expired on 2026-05-31", id="expired, DER"),
        pytest.param(make("c", ca=False, start=1).pem.encode(), "CN=c is not valid before", id="too early"),
        pytest.param(CA.key_bytes(), "contains a private key", id="a key"),
        pytest.param(b"hello", "is not a certificate", id="text"),
        pytest.param(
            make("c", ca=False, key=ec.generate_private_key(ec.BrainpoolP256R1())).der,
            "CN=c has a key on the curve brainpoolP256r1",
            id="a key that Go does not load",
        ),
    ],
)
def test_what_is_no_usable_client_certificate(given: bytes, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        client_certificate(given, now=NOW)


def test_an_expired_client_certificate_is_refused_whatever_its_chain() -> None:
    client = make("client", ca=False, issuer=CA, end=-1)
    with pytest.raises(CertificateError, match="CN=client expired on 2026-05-31"):
        client_certificate((client.pem + CA.pem).encode(), now=NOW)


@pytest.mark.parametrize(
    ("purposes", "purpose", "warned"),
    [
        pytest.param((), CLIENTS, False, id="any purpose"),
        pytest.param((ExtendedKeyUsageOID.CLIENT_AUTH,), CLIENTS, False, id="for clients"),
        pytest.param((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), CLIENTS, False, id="for anything"),
        pytest.param((ExtendedKeyUsageOID.SERVER_AUTH,), CLIENTS, True, id="for servers, as public CAs issue them"),
        pytest.param((ExtendedKeyUsageOID.SERVER_AUTH,), SERVERS, False, id="a server's, for servers"),
    ],
)
def test_a_client_certificate_that_is_not_for_clients_is_a_warning(
    purposes: tuple[x509.ObjectIdentifier, ...], purpose: str, warned: bool
) -> None:
    pair = make("c", ca=False, purposes=purposes)
    told = ("certificate CN=c has an extendedKeyUsage that is not for clients: most servers reject it",)
    assert client_certificate(pair.pem.encode(), now=NOW, purpose=purpose).warnings == (told if warned else ())
