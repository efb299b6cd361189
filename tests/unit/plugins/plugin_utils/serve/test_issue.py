# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the fleet's CA, judged by openssl and by the standard library's ssl, and not by what made them."""

from __future__ import annotations

import datetime
import ssl
import subprocess
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.issue import (
    BACKDATED,
    Pair,
    issue,
    issued_at,
    new_authority,
    valid_name,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import dump
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
NAMES = ("builds.example.com", "198.51.100.7", "2001:db8::7")
CA, OTHER = new_authority(NOW), new_authority(NOW)
SERVER = issue(CA, "big-amd64", days=365, now=NOW, names=NAMES)
CLIENT = issue(CA, "gitlab-ci", days=90, now=NOW)


def files(folder: Path, pair: Pair) -> tuple[Path, Path]:
    """(certificate, key)."""
    (folder / "cert.pem").write_text(dump([pair.certificate]))
    (folder / "key.pem").write_text(pair.key)
    return folder / "cert.pem", folder / "key.pem"


def verified(folder: Path, pair: Pair, authority: Pair, *more: str) -> str:
    """What `openssl verify` finds wrong, "" for nothing."""
    (folder / "ca.pem").write_text(dump([authority.certificate]))
    certificate, _key = files(folder, pair)
    command = ["openssl", "verify", "-x509_strict", "-CAfile", str(folder / "ca.pem"), *more, str(certificate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize(
    ("pair", "authority", "more", "wrong"),
    [
        pytest.param(SERVER, CA, ("-purpose", "sslserver"), "", id="a server"),
        pytest.param(SERVER, CA, ("-verify_hostname", "builds.example.com"), "", id="its name"),
        pytest.param(SERVER, CA, ("-verify_ip", "198.51.100.7"), "", id="its address"),
        pytest.param(SERVER, CA, ("-verify_ip", "2001:db8::7"), "", id="its IPv6 address"),
        pytest.param(SERVER, CA, ("-verify_hostname", "other.example.com"), "hostname mismatch", id="not its name"),
        pytest.param(SERVER, CA, ("-purpose", "sslclient"), "unsuitable certificate purpose", id="no client"),
        pytest.param(CLIENT, CA, ("-purpose", "sslclient"), "", id="a client"),
        pytest.param(CLIENT, CA, ("-purpose", "sslserver"), "unsuitable certificate purpose", id="no server"),
        pytest.param(CLIENT, OTHER, (), "unable to get local issuer certificate", id="of another CA"),
        pytest.param(CA, CA, ("-check_ss_sig",), "", id="the CA itself"),
    ],
)
def test_openssl_verifies(tmp_path: Path, pair: Pair, authority: Pair, more: tuple[str, ...], wrong: str) -> None:
    found = verified(tmp_path, pair, authority, *more)
    assert wrong in found
    assert bool(found) == bool(wrong)


def handshake(folder: Path, server: Pair, client: Pair, authority: Pair, name: str) -> str:
    """The version of TLS, after both sides have verified each other."""
    contexts = []
    for side, pair in ((ssl.PROTOCOL_TLS_SERVER, server), (ssl.PROTOCOL_TLS_CLIENT, client)):
        context = ssl.SSLContext(side)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(*files(folder, pair))
        context.load_verify_locations(cadata=dump([authority.certificate]))
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(["h2"])
        contexts.append(context)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    serving = contexts[0].wrap_bio(up, down, server_side=True)
    connecting = contexts[1].wrap_bio(down, up, server_hostname=name)
    for _round in range(3):
        for each in (connecting, serving):
            try:
                each.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return f"{connecting.version()} {serving.selected_alpn_protocol()}"


def test_both_sides_accept_each_other(tmp_path: Path) -> None:
    assert handshake(tmp_path, SERVER, CLIENT, CA, "builds.example.com") == "TLSv1.3 h2"
    assert handshake(tmp_path, SERVER, CLIENT, CA, "198.51.100.7") == "TLSv1.3 h2"


@pytest.mark.parametrize(
    ("server", "client", "authority"),
    [
        pytest.param(SERVER, issue(OTHER, "gitlab-ci", days=90, now=NOW), CA, id="a client of another CA"),
        pytest.param(CLIENT, CLIENT, CA, id="a client's certificate as that of a server"),
        pytest.param(SERVER, SERVER, CA, id="a server's certificate as that of a client"),
        pytest.param(
            SERVER,
            issue(CA, "gitlab-ci", days=5, now=NOW - datetime.timedelta(days=6)),
            CA,
            id="an expired one",
        ),
        pytest.param(
            SERVER, issue(CA, "gitlab-ci", days=5, now=NOW + 3 * BACKDATED), CA, id="one that is not valid yet"
        ),
    ],
)
def test_one_side_refuses(tmp_path: Path, server: Pair, client: Pair, authority: Pair) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, server, client, authority, "builds.example.com")


def test_a_certificate_is_valid_a_little_earlier_and_never_outlives_its_authority() -> None:
    assert SERVER.certificate.not_valid_before_utc < NOW == issued_at(SERVER.certificate)
    assert CLIENT.certificate.not_valid_after_utc == NOW + datetime.timedelta(days=90)
    late = issue(CA, "gitlab-ci", days=90, now=NOW + datetime.timedelta(days=3640))
    assert late.certificate.not_valid_after_utc == CA.certificate.not_valid_after_utc


def test_each_has_its_own_serial_number_and_key_and_a_name_that_fits() -> None:
    again = issue(CA, "gitlab-ci", days=90, now=NOW)
    assert again.certificate.serial_number != CLIENT.certificate.serial_number
    assert again.key != CLIENT.key
    long = issue(CA, "ci-" * 40, days=90, now=NOW).certificate
    assert [len(str(each.value)) for each in long.subject] == [64]
    assert CLIENT.key not in repr(CLIENT)


def foreign(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> Pair:
    """A CA of the user's, without the key's identifier."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "company")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + datetime.timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return Pair(certificate, pem.decode())


def test_a_company_s_authority_may_be_put_into_the_folder() -> None:
    company = foreign(rsa.generate_private_key(65537, 2048))
    client = issue(company, "gitlab-ci", days=90, now=NOW)
    client.certificate.verify_directly_issued_by(company.certificate)
    with pytest.raises(ValueError, match="neither on an elliptic curve nor RSA"):
        issue(foreign(ed25519.Ed25519PrivateKey.generate()), "gitlab-ci", days=90, now=NOW)


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("builds.example.com", True),
        ("big_amd64", True),
        ("198.51.100.7", True),
        ("2001:db8::7", True),
        ("fe80::7%eth0", False),
        ("", False),
        ("builds.example.com:1234", False),
        ("https://builds.example.com", False),
        ("two names", False),
        ("*.example.com", False),
        ("büild.example.com", False),
    ],
)
def test_names(name: str, valid: bool) -> None:
    assert valid_name(name) is valid
