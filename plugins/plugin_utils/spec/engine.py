# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Docker comes from: the repository of its packages with its key, and the version."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.urls import check_url
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError, ReadFile, read

_BLOCK = re.compile(r"-----BEGIN PGP ([A-Z ]+)-----.*?-----END PGP \1-----", re.DOTALL)
_PUBLIC = "PUBLIC KEY BLOCK"
_WHAT_KEY = "Set the path of the repository's public key on the controller, or its armoured text"
# RFC 9580, 4.2: the first byte of a packet has bit 7 set; 5 is a secret key, 6 a public key.
_SECRET_PACKET, _PUBLIC_PACKET = 5, 6


def check_repository(
    given: dict[str, Any], variable: str, read_file: ReadFile, findings: Findings, *, needed: bool
) -> dict[str, Any]:
    """*given* with its key as armoured text; *needed*: builder_engine is docker."""
    if "url" not in given and "key" not in given and "suite" not in given:
        if needed:
            message = "is not set, but builder_engine is docker"
            findings.problem(variable, None, message, "Set its url and key")
        return given
    for name, remedy in (("url", "Write https://HOST/PATH"), ("key", _WHAT_KEY)):
        if name not in given:
            findings.problem(f"{variable}.{name}", None, "is missing", remedy)
    found = dict(given)
    if "url" in given:
        check_url(
            given["url"],
            f"{variable}.url",
            findings,
            what="the URL of a repository",
            instead="put them into /etc/apt/auth.conf.d on the hosts (apt_auth.conf(5))",
            excluded="[]#?",
        )
    _check_suite(given.get("suite", ""), given.get("components") or [], variable, findings)
    if "key" in given:
        found["key"] = _key(given["key"], f"{variable}.key", read_file, findings)
    return found


def check_version(version: str, variable: str, engine: str, findings: Findings) -> None:
    """*version* is builder_engine_version; *engine* is builder_engine."""
    # deb-version(7)
    if not re.fullmatch(r"(?:[0-9]+:)?[0-9][A-Za-z0-9.+~-]*", version):
        remedy = "Write 29, 28.5, 28.5.2, or a package's version as `apt-cache madison docker-ce` prints it, in quotes"
        findings.problem(variable, version, "is not a version", remedy)
    if engine == "present":
        message = "needs packages, but builder_engine is present"
        findings.problem(variable, version, message, "Set builder_engine to distro or docker, or remove the version")


def _check_suite(suite: str, components: list[str | None], variable: str, findings: Findings) -> None:
    if suite:
        _check_word(suite, f"{variable}.suite", "trixie", findings)
    for index, each in enumerate(components):
        if each is not None:
            _check_word(each, f"{variable}.components[{index}]", "stable", findings)
    if not components and not suite.endswith("/"):
        findings.problem(f"{variable}.components", None, "is empty", "Name a component, such as stable")


def _check_word(value: str, variable: str, example: str, findings: Findings) -> None:
    if not re.fullmatch(r"[A-Za-z0-9./][A-Za-z0-9._~+/-]*", value):
        findings.problem(variable, value, "is not a name in a repository", f"Write a name such as {example}")


def _key(value: str, variable: str, read_file: ReadFile, findings: Findings) -> str:
    """The public keys in *value* as armoured text, one block after the other; "" if there is a problem."""
    try:
        data = read(value, read_file)
    except CertificateError as exc:
        findings.problem(variable, None, str(exc), _WHAT_KEY)
        return ""
    if data[0] & 0x80:
        data = _armoured(data)
    text = data.decode("ascii", "replace").replace("\r\n", "\n")
    blocks = [(found[1], found[0]) for found in _BLOCK.finditer(text)]
    if any("PRIVATE" in kind or _packet(block) == _SECRET_PACKET for kind, block in blocks):
        message = "contains a private key"
        findings.problem(variable, None, message, "Export the public one: `gpg --armor --export KEY`")
        return ""
    if not blocks or any(kind != _PUBLIC or _packet(block) != _PUBLIC_PACKET for kind, block in blocks):
        findings.problem(variable, None, "is not an OpenPGP public key", _WHAT_KEY)
        return ""
    return "".join(f"{block}\n" for _kind, block in blocks)


def _packet(block: str) -> int | None:
    """The kind of the first packet in an armoured block, None if there is none (RFC 9580, 4.2 and 6.2)."""
    body = re.split(r"\n[ \t]*\n", block, maxsplit=1)[-1]
    lines = [line.strip() for line in body.splitlines() if not line.startswith(("-", "="))]
    try:
        first = base64.b64decode("".join(lines), validate=True)[:1]
    except binascii.Error:
        return None
    if not first or not first[0] & 0x80:
        return None
    return first[0] & 0x3F if first[0] & 0x40 else (first[0] >> 2) & 0x0F


def _armoured(data: bytes) -> bytes:
    """Packets as ASCII armour; its checksum is optional (RFC 9580, 6.1)."""
    text = base64.encodebytes(data).decode().replace("\n", "")
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    head, tail = f"-----BEGIN PGP {_PUBLIC}-----", f"-----END PGP {_PUBLIC}-----"
    return "\n".join([head, "", *lines, _checksum(data), tail, ""]).encode()


def _checksum(data: bytes) -> str:
    """The line with the CRC-24, which older versions of apt's gpgv want (RFC 4880, 6.1)."""
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _bit in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return "=" + base64.b64encode((crc & 0xFFFFFF).to_bytes(3)).decode()
