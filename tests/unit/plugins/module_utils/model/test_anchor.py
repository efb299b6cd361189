# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA vouches for, compared with what a library reads in it."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.anchor import anchor_of
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

CA = make("ca", sign=True)
PEM = CA.pem


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(make("ca", sign=True, key=CA.key), True, id="renewed: another serial number"),
        pytest.param(make("ca", sign=True, key=CA.key, end=20000), True, id="renewed for longer"),
        pytest.param(make("ca", sign=True, key=CA.key, issuer=make("root")), True, id="cross-signed"),
        pytest.param(make("ca", sign=True), False, id="another key"),
        pytest.param(make("another", sign=True, key=CA.key), False, id="another name"),
        pytest.param(make("ca", key=CA.key), False, id="other extensions"),
    ],
)
def test_identity(other: Pair, same: bool) -> None:
    found, mine = anchor_of(other.pem), anchor_of(PEM)
    assert found is not None
    assert mine is not None
    assert (found.identity == mine.identity) is same


@pytest.mark.parametrize("days", [10, 3650, 8000, 9000, 36500], ids=lambda days: f"{days} days")
def test_end(days: int) -> None:
    """UTCTime until 2049, GeneralizedTime after."""
    made = make(end=days)
    found = anchor_of(made.pem)
    assert found is not None
    assert datetime.datetime.fromtimestamp(found.ends, datetime.timezone.utc) == made.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("", id="empty"),
        pytest.param("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", id="nothing in it"),
        pytest.param("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", id="no base64"),
        pytest.param("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", id="an empty sequence"),
        pytest.param("\n".join([*PEM.split("\n")[:4], PEM.strip().split("\n")[-1]]), id="cut off"),
    ],
)
def test_what_is_no_certificate(pem: str) -> None:
    assert anchor_of(pem) is None
