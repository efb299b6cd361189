# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CA and client certificates, as people give them."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.certificates import (
    CertificateText,
    authorities,
    client_certificate,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.pem import CertificateError
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

CA = make("CA one")
NEXT = make("CA two")


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
    ],
)
def test_every_form_of_a_ca_becomes_the_same_clean_pem(given: bytes, clean: str) -> None:
    found = authorities(given, now=NOW)
    assert found.pem == clean
    assert found.warnings == ()


ISSUED = make("server", ca=False, issuer=CA)


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
        pytest.param(make("x", ca=False).pem.encode(), "is not a CA", "self-signed", id="self-signed, not a CA"),
        pytest.param(make("x", ca=None).pem.encode(), "is not a CA", "self-signed", id="no basicConstraints"),
        pytest.param(make("x", sign=False).pem.encode(), "is not a CA", "CA", id="keyUsage without keyCertSign"),
        pytest.param((CA.pem + ISSUED.pem).encode(), "CN=server is not a CA", "CA", id="chain with the server's"),
        pytest.param(make("x", end=-1).pem.encode(), "CN=x expired on 2026-05-31", "valid now", id="expired"),
        pytest.param(make("x", start=9).pem.encode(), "not valid before 2026-06-10", "valid now", id="too early"),
        pytest.param(
            (make("x", end=-1).pem + make("y", start=9).pem).encode(),
            "CN=x expired on 2026-05-31; certificate CN=y is not valid before 2026-06-10",
            "valid now",
            id="a gap in a rotation",
        ),
        pytest.param(
            b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
            "holds no certificate, only CERTIFICATE REQUEST",
            "BEGIN CERTIFICATE",
            id="a request",
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


def test_a_ca_with_key_usage_that_allows_signing_is_one() -> None:
    assert authorities(make("x", sign=True).pem.encode(), now=NOW).warnings == ()


@pytest.mark.parametrize(
    ("bundle", "warnings"),
    [
        pytest.param([make("a", end=30)], ["certificate CN=a expires on 2026-07-01, in 30 days"], id="30 days left"),
        pytest.param([make("a", end=31)], [], id="31 days left"),
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


def test_a_client_certificate_needs_no_ca_flag_and_keeps_its_chain() -> None:
    client = make("client", ca=False, issuer=CA)
    assert client_certificate((client.pem + CA.pem).encode(), now=NOW).pem == client.pem + CA.pem


def test_an_expired_client_certificate_is_refused_whatever_its_chain() -> None:
    client = make("client", ca=False, issuer=CA, end=-1)
    with pytest.raises(CertificateError, match="CN=client expired on 2026-05-31"):
        client_certificate((client.pem + CA.pem).encode(), now=NOW)
