# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate is good for, beside what dockerd, OpenSSL, curl and GnuTLS did with each kind on a host."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import system_store
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import (
    is_authority,
    is_for_servers,
    is_root,
    may_have_issued,
    names,
    weak_signature,
    without_issuer,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make, weakly_signed
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID


def weak(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(weakly_signed(name).encode())


ROOT = make("root", sign=True).certificate
SUB = make("sub", issuer=make("root"))
# The next key of a CA of the same name, signed by the former one: OpenSSL does not take it for a root.
ROLLED = make("CA", sign=True, issuer=make("CA", sign=True), names=("ca",)).certificate


@pytest.mark.parametrize(
    ("certificate", "root", "digest"),
    [
        pytest.param(ROOT, True, "", id="a root"),
        pytest.param(make("server", ca=False, names=("a.b",)).certificate, True, "", id="a self-signed server"),
        pytest.param(SUB.certificate, False, "", id="an intermediate CA"),
        pytest.param(ROLLED, False, "", id="a CA's next key under its former one"),
        pytest.param(weak("root-sha1"), True, "", id="a root, SHA-1"),
        pytest.param(weak("root-md5"), True, "", id="a root, MD5"),
        pytest.param(weak("server-sha1"), True, "", id="a self-signed server, SHA-1"),
        pytest.param(weak("sub-sha1"), False, "SHA-1", id="an intermediate CA, SHA-1"),
        pytest.param(weak("sub-md5"), False, "MD5", id="an intermediate CA, MD5"),
        pytest.param(weak("leaf-sha1"), False, "SHA-1", id="a server, SHA-1"),
    ],
)
def test_a_root_ends_a_chain_and_nobody_checks_its_signature(
    certificate: x509.Certificate, root: bool, digest: str
) -> None:
    assert (is_root(certificate), weak_signature(certificate)) == (root, digest)


@pytest.mark.parametrize(
    ("issuer", "certificate", "may"),
    [
        pytest.param(ROOT, ROOT, True, id="itself"),
        pytest.param(ROOT, SUB.certificate, False, id="the name of the issuer, another key"),
        pytest.param(ROLLED, ROLLED, False, id="its own name, another key"),
        pytest.param(SUB.certificate, ROOT, False, id="another name"),
        pytest.param(weak("root-sha256"), weak("sub-sha1"), True, id="SHA-1, which the library does not check"),
        pytest.param(weak("root-sha1"), weak("sub-sha1"), False, id="SHA-1, and another name"),
        pytest.param(weak("root-md5"), weak("sub-md5"), True, id="MD5"),
    ],
)
def test_may_have_issued(issuer: x509.Certificate, certificate: x509.Certificate, may: bool) -> None:
    assert may_have_issued(issuer, certificate) is may


def test_without_issuer() -> None:
    assert without_issuer([ROOT, weak("root-sha256"), weak("sub-sha1")]) == []
    assert without_issuer([ROOT, weak("sub-sha1"), SUB.certificate]) == [weak("sub-sha1"), SUB.certificate]


@pytest.mark.parametrize(
    ("purposes", "for_servers"),
    [
        pytest.param((), True, id="none"),
        pytest.param((ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH), True, id="both"),
        pytest.param((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), True, id="any"),
        pytest.param((ExtendedKeyUsageOID.CLIENT_AUTH,), False, id="clients"),
    ],
)
def test_is_for_servers(purposes: tuple[x509.ObjectIdentifier, ...], for_servers: bool) -> None:
    assert is_for_servers(make("s", ca=False, purposes=purposes).certificate) is for_servers


def test_names() -> None:
    assert names(make("s", ca=False, names=("a.b", "*.c.d")).certificate) == ["a.b", "*.c.d"]
    assert names(make("a.b", ca=False).certificate) == []


@pytest.mark.parametrize(
    ("certificate", "authority", "for_p11_kit"),
    [
        pytest.param(ROOT, True, True, id="a CA with keyCertSign"),
        pytest.param(make("CA").certificate, True, True, id="a CA"),
        pytest.param(make("s", ca=None).certificate, False, False, id="no basicConstraints"),
        pytest.param(make("s", ca=False).certificate, False, False, id="CA:FALSE"),
        pytest.param(make("s", sign=False).certificate, False, True, id="a CA that may sign nothing"),
        pytest.param(weak("root-md5"), True, True, id="RSA, MD5"),
    ],
)
def test_who_takes_it_for_a_ca(certificate: x509.Certificate, authority: bool, for_p11_kit: bool) -> None:
    """Origin of the last: `trust extract --filter=ca-anchors` of p11-kit 0.25.5."""
    assert is_authority(certificate) is authority
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    assert system_store.is_authority(pem) is for_p11_kit
