# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client keys: one, in clear, and that of the certificate."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.private_key import client_key, is_der_key
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make

CLIENT = make("client", ca=False)
OTHER = make("other", ca=False)
OLD = CLIENT.key_bytes(old=True)
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        pytest.param(CLIENT.key_bytes(), CLIENT.key_pem, id="PKCS 8"),
        pytest.param(OLD, OLD.decode(), id="the older form, kept"),
        pytest.param(PARAMETERS + OLD, OLD.decode(), id="with EC PARAMETERS, as openssl ecparam writes"),
        pytest.param(CLIENT.key_bytes().replace(b"\n", b"\r\n"), CLIENT.key_pem, id="Windows line ends"),
        pytest.param(CLIENT.key_bytes().replace(b"\n", b"\r"), CLIENT.key_pem, id="old Mac line ends"),
        pytest.param(CLIENT.key_bytes(der=True), CLIENT.key_pem, id="DER"),
        pytest.param((CLIENT.pem + CLIENT.key_pem).encode(), CLIENT.key_pem, id="with its certificate"),
    ],
)
def test_the_key_becomes_clean_pem(given: bytes, clean: str) -> None:
    assert client_key(given, CLIENT.pem) == clean


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        pytest.param(
            OTHER.key_bytes(),
            "does not belong to the client certificate CN=client",
            "the key of this certificate",
            id="other",
        ),
        pytest.param(CLIENT.key_bytes(password=b"pw"), "encrypted", "ansible-vault", id="encrypted"),
        pytest.param(CLIENT.key_bytes(password=b"pw", old=True), "encrypted", "ansible-vault", id="encrypted, old"),
        pytest.param(CLIENT.key_bytes(password=b"pw", der=True), "encrypted", "ansible-vault", id="encrypted DER"),
        pytest.param(CLIENT.key_bytes() + OTHER.key_bytes(), "more than one", "only", id="two keys"),
        pytest.param(CLIENT.pem.encode(), "is not a private key", "Use PEM", id="a certificate"),
        pytest.param(b"hello", "is not a private key", "Use PEM", id="text"),
        pytest.param(CLIENT.key_bytes().replace(b"M", b"?", 2), "is not a private key", "Use PEM", id="broken"),
    ],
)
def test_another_key_is_refused_and_not_shown(given: bytes, message: str, remedy: str) -> None:
    with pytest.raises(CertificateError) as caught:
        client_key(given, CLIENT.pem)
    assert message in str(caught.value)
    assert remedy in caught.value.remedy
    told = str(caught.value) + caught.value.remedy
    assert not any(line.decode() in told for line in CLIENT.key_bytes().splitlines()[1:-1])


def test_der_keys_are_recognised() -> None:
    assert is_der_key(CLIENT.key_bytes(der=True))
    assert not is_der_key(CLIENT.der)
