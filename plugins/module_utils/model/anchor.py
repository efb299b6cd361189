# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA vouches for, and until when: enough of DER (ITU-T X.690) and X.509 (RFC 5280, 4.1) for that. Pure.

Chains lead to a CA by its subject and key, so that a renewed one with the same key and extensions verifies what the
former one verifies. Hosts have no library that parses X.509; the controller's has accepted every certificate here.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import typing as t
from dataclasses import dataclass

_SEQUENCE, _UTC_TIME, _VERSION, _EXTENSIONS = 0x30, 0x17, 0xA0, 0xA3


@dataclass(frozen=True)
class Anchor:
    """*identity* is a digest of subject, key and extensions; *ends* is in seconds since the epoch."""

    identity: str
    ends: float


def anchor_of(pem: str) -> t.Optional[Anchor]:
    """The anchor of one certificate in PEM, None if it cannot be read."""
    try:
        der = base64.b64decode("".join(pem.strip().split("\n")[1:-1]))
        ((_tag, certificate, _whole),) = _fields(der)
        signed = list(_fields(next(_fields(certificate))[1]))
        if signed[0][0] != _VERSION:  # version 1 leaves it out
            signed.insert(0, (_VERSION, b"", b""))
        _version, _serial, _algorithm, _issuer, validity, subject, key, *rest = signed
        extensions = [whole for tag, _value, whole in rest if tag == _EXTENSIONS]
        _begins, (kind, ends, _of_ends) = _fields(validity[1])
        identity = hashlib.sha256(b"".join((subject[2], key[2], *extensions))).hexdigest()
        return Anchor(identity, _seconds(kind, ends.decode("ascii")))
    except (binascii.Error, ValueError, IndexError, StopIteration):
        return None


def _fields(der: bytes) -> t.Iterator[t.Tuple[int, bytes, bytes]]:
    """(tag, value, the whole) of each element in *der*. Raises IndexError or ValueError for anything else."""
    at = 0
    while at < len(der):
        tag, size, begin = der[at], der[at + 1], at + 2
        if size & 0x80:
            begin += size & 0x7F
            size = int.from_bytes(der[at + 2 : begin], "big")
        if begin + size > len(der):
            raise ValueError("an element is longer than what is left")
        yield tag, der[begin : begin + size], der[at : begin + size]
        at = begin + size


def _seconds(kind: int, text: str) -> float:
    """Times are YYMMDDHHMMSSZ until 2049, YYYYMMDDHHMMSSZ after (RFC 5280, 4.1.2.5)."""
    if kind == _UTC_TIME:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
