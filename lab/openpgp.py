"""A key that signs a repository for apt: as much of OpenPGP (RFC 4880) as that takes, with RSA."""

from __future__ import annotations

import base64
import hashlib
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BITS = 3072
SIGNATURE, KEY, USER = 2, 6, 13  # kinds of packets (4.3)
BINARY, CERTIFICATION = 0x00, 0x13  # kinds of signatures (5.2.1)
RSA, SHA256 = 1, 8
CREATED, ISSUER, KEY_FLAGS, FINGERPRINT = 2, 16, 27, 33  # subpackets (5.2.3.1)
MAY_SIGN = 0x03  # and certify


class Signer:
    """A new key of *user*, such as `Name <name@host>`."""

    def __init__(self, user: str) -> None:
        self._key = rsa.generate_private_key(65537, BITS)
        self._user, self._created = user.encode(), int(time.time())
        numbers = self._key.public_key().public_numbers()
        self._body = b"\x04" + self._created.to_bytes(4) + bytes([RSA]) + _number(numbers.n) + _number(numbers.e)
        self._hashed = b"\x99" + len(self._body).to_bytes(2) + self._body
        self._fingerprint = hashlib.sha1(self._hashed, usedforsecurity=False).digest()

    def public(self) -> str:
        """The public key, armoured."""
        user = b"\xb4" + len(self._user).to_bytes(4) + self._user
        own = self._sign(CERTIFICATION, self._hashed + user, _subpacket(KEY_FLAGS, bytes([MAY_SIGN])))
        return _armoured("PUBLIC KEY BLOCK", _packet(KEY, self._body) + _packet(USER, self._user) + own)

    def signature(self, content: bytes) -> str:
        """A detached signature of *content*, armoured."""
        return _armoured("SIGNATURE", self._sign(BINARY, content))

    def _sign(self, kind: int, content: bytes, more: bytes = b"") -> bytes:
        hashed = _subpacket(CREATED, self._created.to_bytes(4)) + _subpacket(FINGERPRINT, b"\x04" + self._fingerprint)
        hashed += more
        head = bytes([4, kind, RSA, SHA256]) + len(hashed).to_bytes(2) + hashed
        signed = content + head + b"\x04\xff" + len(head).to_bytes(4)
        other = _subpacket(ISSUER, self._fingerprint[-8:])
        value = int.from_bytes(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        start = hashlib.sha256(signed).digest()[:2]
        return _packet(SIGNATURE, head + len(other).to_bytes(2) + other + start + _number(value))


def _number(value: int) -> bytes:
    return value.bit_length().to_bytes(2) + value.to_bytes((value.bit_length() + 7) // 8)


def _subpacket(kind: int, content: bytes) -> bytes:
    return bytes([len(content) + 1, kind]) + content


def _packet(kind: int, content: bytes) -> bytes:
    return bytes([0xC0 | kind, 0xFF]) + len(content).to_bytes(4) + content


def _armoured(what: str, data: bytes) -> str:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _bit in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    checksum = "=" + base64.b64encode((crc & 0xFFFFFF).to_bytes(3)).decode()
    return "\n".join([f"-----BEGIN PGP {what}-----", "", *lines, checksum, f"-----END PGP {what}-----", ""])
