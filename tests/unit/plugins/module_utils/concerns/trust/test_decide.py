# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make a host trust its registries. The certificates are made here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import (
    daemon_files,
    left_out,
    missing_from,
    store_files,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import (
    DEBIAN,
    RED_HAT,
    Store,
    blocks,
    fingerprints,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner, WriteFile
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make
from cryptography.hazmat.primitives import hashes

CA, NEXT_CA, CLIENT = make("CA"), make("next CA"), make("client", ca=False)
OWN = make("server", ca=False, names=("a.example",))
BUNDLE = CA.pem + NEXT_CA.pem


@pytest.mark.parametrize(
    ("registry", "files"),
    [
        pytest.param(
            Registry("harbor.example.com", ca=CA.pem),
            [WriteFile("/etc/docker/certs.d/harbor.example.com/ca.crt", CA.pem)],
            id="CA",
        ),
        pytest.param(
            Registry("harbor.example.com:8443", ca=CA.pem),
            [WriteFile("/etc/docker/certs.d/harbor.example.com:8443/ca.crt", CA.pem)],
            id="the port is part of the folder's name",
        ),
        pytest.param(
            Registry("a.example", ca=BUNDLE),
            [WriteFile("/etc/docker/certs.d/a.example/ca.crt", BUNDLE)],
            id="a bundle stays one file for dockerd",
        ),
        pytest.param(
            Registry("a.example", client_cert=CLIENT.pem, client_key=CLIENT.key_pem),
            [
                WriteFile("/etc/docker/certs.d/a.example/client.cert", CLIENT.pem),
                WriteFile("/etc/docker/certs.d/a.example/client.key", CLIENT.key_pem, mode=0o600),
            ],
            id="client's pair, the key for root alone",
        ),
        pytest.param(
            Registry("a.example", client_cert=CLIENT.pem), [], id="half a pair stops dockerd: none is written"
        ),
        pytest.param(Registry("a.example", insecure=True), [], id="nothing to trust"),
    ],
)
def test_files_of_dockerd(registry: Registry, files: list[WriteFile]) -> None:
    assert list(daemon_files([registry])) == files


@pytest.mark.parametrize(
    ("host", "ca", "store", "files"),
    [
        pytest.param("a.example", CA.pem, DEBIAN, {"multiarch-builders-a.example.crt": CA.pem}, id="Debian"),
        pytest.param("a.example", CA.pem, RED_HAT, {"multiarch-builders-a.example.pem": CA.pem}, id="Red Hat"),
        pytest.param("a.example:80", CA.pem, DEBIAN, {"multiarch-builders-a.example_80.crt": CA.pem}, id="port"),
        pytest.param(
            "[2001:db8::1]:443", CA.pem, DEBIAN, {"multiarch-builders-_2001_db8_1_443.crt": CA.pem}, id="IPv6"
        ),
        pytest.param(
            "a.example",
            BUNDLE,
            DEBIAN,
            {"multiarch-builders-a.example-1.crt": CA.pem, "multiarch-builders-a.example-2.crt": NEXT_CA.pem},
            id="a bundle is split: update-ca-certificates takes one certificate a file",
        ),
        pytest.param("a.example", None, DEBIAN, {}, id="no CA"),
        pytest.param("a.example", OWN.pem, DEBIAN, {"multiarch-builders-a.example.crt": OWN.pem}, id="a server's own"),
        pytest.param("a.example", OWN.pem, RED_HAT, {}, id="a server's own, which p11-kit leaves out"),
        pytest.param(
            "a.example", OWN.pem + CA.pem, RED_HAT, {"multiarch-builders-a.example.pem": CA.pem}, id="it and a CA"
        ),
    ],
)
def test_files_of_the_systems_store(host: str, ca: str | None, store: Store, files: dict[str, str]) -> None:
    found = store_files([Registry(host, ca=ca)], store)
    assert {each.path: each.content for each in found} == {f"{store.anchors}/{k}": v for k, v in files.items()}
    assert {each.mode for each in found} <= {0o644}


def test_what_a_store_does_not_take_is_told() -> None:
    table = [Registry("a.example", ca=CA.pem + OWN.pem), Registry("b.example", ca=CA.pem), Registry("c.example")]
    assert left_out(table, DEBIAN) == ()
    (note,) = left_out(table, RED_HAT)
    told = "`ca` of a.example has a certificate that is no CA of servers, which update-ca-trust does not take: docker "
    assert note.startswith(told)


def test_files_of_a_rootless_dockerd_are_the_same_elsewhere() -> None:
    table = [Registry("a.example:5000", ca=CA.pem, client_cert=CLIENT.pem, client_key=CLIENT.key_pem)]
    owner, root = Owner(1000, 1001), certs_d.rootless_root("/home/ci")
    assert root == "/home/ci/.config/docker/certs.d"
    found = daemon_files(table, root, owner)
    assert {each.owner for each in found} == {owner}
    assert [replace(each, owner=None, path=each.path.replace(root, certs_d.ROOT)) for each in found] == list(
        daemon_files(table)
    )


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        pytest.param("/etc/docker/certs.d/a.example/ca.crt", True, id="dockerd"),
        pytest.param("/home/ci/.config/docker/certs.d/a.example/ca.crt", True, id="a rootless dockerd"),
        pytest.param("/usr/local/share/ca-certificates/a.crt", False, id="the system's store"),
    ],
)
def test_certs_d_holds(path: str, holds: bool) -> None:
    assert certs_d.holds(path) is holds


def test_two_registries_have_files_of_their_own() -> None:
    table = [Registry("a.example", ca=CA.pem), Registry("a.example:5000", ca=CA.pem), Registry("b.example", ca=CA.pem)]
    for files in (daemon_files(table), store_files(table, DEBIAN)):
        assert len({each.path for each in files}) == len(table)


@pytest.mark.parametrize(
    ("pem", "found"),
    [
        pytest.param("", (), id="empty"),
        pytest.param(CA.pem, (CA.pem,), id="one"),
        pytest.param(BUNDLE, (CA.pem, NEXT_CA.pem), id="two"),
        pytest.param(f"# CA\n\n{CA.pem}\n\n# next\n{NEXT_CA.pem}", (CA.pem, NEXT_CA.pem), id="comments go"),
        pytest.param(CA.pem.rstrip("\n"), (CA.pem,), id="newline at the end"),
        pytest.param(CLIENT.key_pem + CLIENT.pem, (CLIENT.pem,), id="keys go"),
    ],
)
def test_blocks(pem: str, found: tuple[str, ...]) -> None:
    assert blocks(pem) == found


def test_fingerprints_are_those_of_openssl_and_hide_the_rest() -> None:
    expected = [f"certificate sha256:{each.certificate.fingerprint(hashes.SHA256()).hex()}" for each in (CA, NEXT_CA)]
    assert fingerprints(BUNDLE).splitlines() == expected
    assert fingerprints("") == fingerprints(CLIENT.key_pem) == ""
    broken = "-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----\n"
    assert fingerprints(broken) == "certificate that cannot be read\n"


@pytest.mark.parametrize(
    ("bundle", "missing"),
    [
        pytest.param("", ["ca", "next"], id="empty bundle"),
        pytest.param(make("other").pem, ["ca", "next"], id="only others"),
        pytest.param(make("other").pem + CA.pem, ["next"], id="one of two"),
        pytest.param(f"# next CA\n{NEXT_CA.pem}# CA\n{CA.pem}", [], id="both, any order"),
    ],
)
def test_missing_from(bundle: str, missing: list[str]) -> None:
    assert list(missing_from(bundle, [WriteFile("ca", CA.pem), WriteFile("next", NEXT_CA.pem)])) == missing
