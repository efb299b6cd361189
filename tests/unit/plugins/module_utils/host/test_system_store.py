# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates a store takes: Debian's all, Red Hat's what p11-kit holds for a CA of servers."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import DEBIAN, RED_HAT
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import make
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID

CLIENTS, SERVERS = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
MANY = tuple(ObjectIdentifier(f"1.3.6.1.4.1.311.10.3.{number}") for number in range(20))


@pytest.mark.parametrize(
    ("purposes", "taken"),
    [
        pytest.param((), True, id="any"),
        pytest.param((SERVERS,), True, id="servers"),
        pytest.param((CLIENTS, SERVERS), True, id="both"),
        pytest.param((*MANY, SERVERS), True, id="many, servers last"),
        pytest.param((CLIENTS,), False, id="clients: as of people's smart cards in a company's bundle"),
        pytest.param(MANY, False, id="many"),
        pytest.param((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), False, id="anyExtendedKeyUsage"),
    ],
)
def test_what_a_store_takes(purposes: tuple[ObjectIdentifier, ...], taken: bool) -> None:
    pem = make("CA", purposes=purposes, names=("serverAuth.example",)).pem
    assert (DEBIAN.takes(pem), RED_HAT.takes(pem)) == (True, taken)
    assert RED_HAT.takes(make("server", ca=False, purposes=purposes).pem) is False
