# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM text or a file that holds it: reading, and finding the blocks. Nothing here knows X.509.

Messages never contain what was read: it could be a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable

ReadFile = Callable[[str], bytes]
"""Reads the file of that path, on the controller. Raises OSError."""

_BORDER = re.compile(rb"-----(BEGIN|END) ([A-Z0-9 ]+)-----")


class CertificateError(ValueError):
    """The input is not what is needed. *remedy* says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def is_path(value: str) -> bool:
    """Whether *value* names a file; otherwise it is meant as PEM text.

    Base64 of keys and certificates never begins with a slash: DER begins with 0x30.
    """
    looks_encoded = re.fullmatch(r"[A-Za-z0-9+=_-][A-Za-z0-9+/=_-]{63,}", value.strip()) is not None
    return "-----" not in value and "\n" not in value.strip() and not looks_encoded


def read(value: str, read_file: ReadFile) -> bytes:
    """The content of *value*, PEM text or the path of a file. Raises CertificateError if there is none."""
    if not value.strip():
        raise CertificateError("is empty", "Set the path of a file on the controller, or PEM text")
    if not is_path(value):
        return value.encode()
    try:
        data = read_file(value.strip())
    except OSError as exc:
        raise CertificateError(
            f"cannot be read: {exc.strerror or exc}",
            "Use a path on the controller (relative to the playbook, its files/ or the inventory) or PEM text",
        ) from exc
    if not data.strip():
        raise CertificateError("is an empty file", "Put the certificate or key into it, as PEM")
    return data


def blocks(data: bytes) -> list[tuple[str, bytes]]:
    """The PEM blocks in *data*, as (label, block): text around them dropped, line ends '\\n', no empty lines.

    In one pass over *data*, which may be malicious.
    """
    return _scan(data)[0]


def unfinished(data: bytes) -> list[str]:
    """The labels of blocks that begin after the last whole one, and do not end."""
    return _scan(data)[1]


def _scan(data: bytes) -> tuple[list[tuple[str, bytes]], list[str]]:
    text = b"\n".join(line.strip(b" \t") for line in re.split(rb"\r\n|\r|\n", data))
    found: list[tuple[str, bytes]] = []
    begun: dict[bytes, int] = {}
    for border in _BORDER.finditer(text):
        kind, label = border.groups()
        if kind == b"BEGIN":
            begun.setdefault(label, border.start())
        elif label in begun:
            found.append((label.decode("ascii"), _compact(text[begun[label] : border.end()])))
            begun.clear()
    return found, [label.decode("ascii") for label in begun]


def _compact(block: bytes) -> bytes:
    """*block* without empty lines, which Windows' line ends become if they are converted twice.

    After headers, as an encrypted key has them, one is required.
    """
    return block if b":" in block else re.sub(rb"\n{2,}", b"\n", block)
