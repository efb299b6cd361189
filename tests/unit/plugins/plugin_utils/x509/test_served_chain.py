# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in words."""

from __future__ import annotations

import base64
import datetime

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import names
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.served_chain import (
    days_left,
    describe,
    ending,
    is_signed_by,
    parse,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, Pair, make

ROOT = make("root")
MIDDLE = make("middle", issuer=ROOT)
SERVER = make("a.b", ca=False, issuer=MIDDLE, names=("a.b", "*.a.b"), end=90)
ALONE = make("alone", end=3)


def encoded(*pairs: Pair) -> list[str]:
    return [base64.b64encode(each.der).decode() for each in pairs]


def test_describe() -> None:
    chain = parse(encoded(SERVER, MIDDLE))
    assert describe("a.b:5000", chain, NOW) == {
        "registry": "a.b:5000",
        "names": ["a.b", "*.a.b"],
        "not_after": "2026-08-30",
        "days_left": 90,
        "chain": [
            {
                "subject": "CN=a.b",
                "issuer": "CN=middle",
                "not_after": "2026-08-30",
                "days_left": 90,
                "fingerprint": SERVER.fingerprint,
            },
            {
                "subject": "CN=middle",
                "issuer": "CN=root",
                "not_after": "2036-05-29",
                "days_left": 3650,
                "fingerprint": MIDDLE.fingerprint,
            },
        ],
    }


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "AAAA",
        "not base64",
        pytest.param(base64.b64encode(MIDDLE.der.replace(b"middle", b"middl\xff")).decode(), id="a name of no UTF-8"),
    ],
)
def test_what_cannot_be_parsed_ends_the_chain(broken: str) -> None:
    assert parse([*encoded(SERVER), broken, *encoded(MIDDLE)]) == [SERVER.certificate]


def test_a_common_name_is_no_name() -> None:
    assert names(ALONE.certificate) == []


@pytest.mark.parametrize(
    ("later", "left"),
    [
        pytest.param(datetime.timedelta(0), 3, id="now"),
        pytest.param(datetime.timedelta(seconds=1), 2, id="whole days"),
        pytest.param(datetime.timedelta(days=3), 0, id="the last moment"),
        pytest.param(datetime.timedelta(days=3, seconds=1), -1, id="too late"),
    ],
)
def test_days_left(later: datetime.timedelta, left: int) -> None:
    assert days_left(ALONE.certificate, NOW + later) == left


@pytest.mark.parametrize(
    ("days", "warn_days", "told"),
    [
        pytest.param(0, 0, 0, id="no warnings"),
        pytest.param(0, 90, 0, id="not yet"),
        pytest.param(0, 91, 1, id="soon"),
        pytest.param(91, 91, 0, id="over, which is no warning any more"),
    ],
)
def test_ending(days: int, warn_days: int, told: int) -> None:
    found = ending([SERVER.certificate, MIDDLE.certificate], NOW + datetime.timedelta(days=days), warn_days)
    assert found == ["certificate CN=a.b expires on 2026-08-30, in 90 days"] * told


@pytest.mark.parametrize(
    ("chain", "authorities", "signed"),
    [
        pytest.param([SERVER, MIDDLE], [ROOT], True, id="the root"),
        pytest.param([SERVER], [MIDDLE], True, id="the intermediate CA"),
        pytest.param([SERVER], [ROOT], False, id="the server does not send its chain"),
        pytest.param([SERVER, MIDDLE, ROOT], [make("other"), ROOT], True, id="one of a bundle, sent too"),
        pytest.param([SERVER, MIDDLE], [make("root")], False, id="another of the same name"),
        pytest.param([ALONE], [ALONE], True, id="signed by itself"),
        pytest.param([], [ROOT], False, id="no chain"),
    ],
)
def test_is_signed_by(chain: list[Pair], authorities: list[Pair], signed: bool) -> None:
    assert is_signed_by([each.certificate for each in chain], "".join(each.pem for each in authorities)) is signed
