# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates that a registry presented to a host, as text. Only the controller has a library for X.509."""

from __future__ import annotations

import base64
import datetime
import typing as t
from collections.abc import Sequence

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.anchors import (
    NOT_PARSED,
    may_have_issued,
    names,
    weak_signature,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    fingerprint,
    load_certificates,
    require_fields,
    subject,
)
from cryptography import x509

Chain = list[x509.Certificate]
Words = dict[str, t.Any]


def parse(chain: Sequence[str]) -> Chain:
    """The certificates of a chain in base64, the server's own first, up to one that cannot be parsed."""
    found = []
    for each in chain:
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode(each))
            require_fields(certificate)
        except NOT_PARSED:
            break
        found.append(certificate)
    return found


def days_left(certificate: x509.Certificate, now: datetime.datetime) -> int:
    """Whole days until it expires, negative afterwards."""
    return (certificate.not_valid_after_utc - now) // datetime.timedelta(days=1)


def describe(registry: str, chain: Chain, now: datetime.datetime) -> Words:
    """The details of a registry's chain, as the module returns them."""
    return {
        "registry": registry,
        "names": names(chain[0]),
        "not_after": f"{chain[0].not_valid_after_utc:%Y-%m-%d}",
        "days_left": days_left(chain[0], now),
        "chain": [
            {
                "subject": subject(each),
                "issuer": each.issuer.rfc4514_string(),
                "not_after": f"{each.not_valid_after_utc:%Y-%m-%d}",
                "days_left": days_left(each, now),
                "fingerprint": fingerprint(each),
            }
            for each in chain
        ],
    }


def ending(chain: Chain, now: datetime.datetime, warn_days: int) -> list[str]:
    """Warnings about certificates of the chain that expire within *warn_days* (0: none)."""
    return [
        f"certificate {subject(each)} expires on {each.not_valid_after_utc:%Y-%m-%d}, in {days_left(each, now)} days"
        for each in chain
        if 0 <= days_left(each, now) < warn_days
    ]


def is_signed_by(chain: Chain, authorities: str) -> bool:
    """Whether a certificate of the chain is one of *authorities* (PEM), or was signed by one."""
    given = load_certificates(authorities.encode())
    return any(each == ca or may_have_issued(ca, each) for each in chain for ca in given)


def weak(chain: Chain) -> list[str]:
    """Those of the chain whose signature Go and OpenSSL reject: `CN=sub (SHA-1)`; a root's is not checked."""
    return [f"{subject(each)} ({weak_signature(each)})" for each in chain if weak_signature(each)]
