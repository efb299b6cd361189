# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of formats, compared with the one of Debian 13, and the registration line."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import (
    FORMATS,
    INTERPRETER_MAX,
    ElfFormat,
    format_for,
    registration,
)

DEBIAN = Path(__file__).parent / "data" / "debian-13-qemu-user.conf"

# Mask bytes, by offset, in which Debian differs: it checks all but two bits of the OS ABI, we check none.
STRICTER_IN_DEBIAN = {
    "amd64": {7: 0xFC},
    "386": {7: 0xFC},
    "s390x": {7: 0xFC},
    "ppc64le": {7: 0xFC},
}

every_format = pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)


def debian(fmt: ElfFormat) -> tuple[bytes, bytes]:
    for line in DEBIAN.read_text().splitlines():
        _start, name, *rest = line.split(":") if line.startswith(":") else ("", "")
        if name == fmt.handler:
            _type, _offset, magic, mask, _interpreter, _flags = rest
            return bytes.fromhex(magic.replace("\\x", "")), bytes.fromhex(mask.replace("\\x", ""))
    raise AssertionError(f"{fmt.handler} is not in {DEBIAN.name}")


def matches(header: bytes, magic: bytes, mask: bytes) -> bool:
    return all((a ^ b) & m == 0 for a, b, m in zip(header, magic, mask))


@every_format
def test_magic_is_debians(fmt: ElfFormat) -> None:
    assert fmt.magic == debian(fmt)[0]


@every_format
def test_mask_differs_from_debians_only_where_documented(fmt: ElfFormat) -> None:
    theirs = debian(fmt)[1]
    assert len(fmt.mask) == len(theirs)
    differing = {at: theirs[at] for at in range(len(theirs)) if theirs[at] != fmt.mask[at]}
    assert differing == STRICTER_IN_DEBIAN.get(fmt.architecture, {})


@every_format
def test_ordinary_executables_match_here_and_in_debian(fmt: ElfFormat) -> None:
    for header in fmt.headers():
        assert matches(header, *debian(fmt))
        assert matches(header, fmt.magic, fmt.mask)


@every_format
def test_executables_of_other_formats_do_not_match(fmt: ElfFormat) -> None:
    strangers = [header for other in FORMATS.values() if other != fmt for header in other.headers()]
    assert not [header for header in strangers if matches(header, fmt.magic, fmt.mask)]


@pytest.mark.parametrize(
    ("platform", "handler"),
    [
        ("linux/amd64", "qemu-x86_64"),
        ("linux/amd64/v3", "qemu-x86_64"),
        ("linux/arm64", "qemu-aarch64"),
        ("linux/arm/v7", "qemu-arm"),
        ("linux/arm/v6", "qemu-arm"),
        ("linux/386", "qemu-i386"),
        ("linux/mips64le", "qemu-mips64el"),
        ("linux/loong64", "qemu-loongarch64"),
    ],
)
def test_format_for_platform(platform: str, handler: str) -> None:
    assert format_for(platform).handler == handler


@pytest.mark.parametrize(
    "platform", ["windows/amd64", "linux/aarch64", "linux/sparc64", "arm64", "linux", "linux/", ""]
)
def test_unknown_platform_is_refused(platform: str) -> None:
    with pytest.raises(ValueError, match="no ELF format is known"):
        format_for(platform)


def test_registration_line() -> None:
    assert registration(FORMATS["arm64"], "/usr/bin/qemu-aarch64", "CF") == (
        r":qemu-aarch64:M:0"
        r":\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
        r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
        r":/usr/bin/qemu-aarch64:CF"
    )


@every_format
def test_longest_registration_is_within_the_kernels_limits(fmt: ElfFormat) -> None:
    assert len(registration(fmt, "/" + "q" * (INTERPRETER_MAX - 1), "POCF")) <= 1920
    assert len(fmt.magic) == len(fmt.mask) < 128


@pytest.mark.parametrize(
    ("interpreter", "flags", "message"),
    [
        pytest.param("qemu-arm", "F", "not an absolute path", id="relative"),
        pytest.param("", "F", "not an absolute path", id="empty"),
        pytest.param("/opt/a:b/qemu-arm", "F", "has a colon, newline or NUL", id="colon"),
        pytest.param("/opt/qemu-arm\n", "F", "has a colon, newline or NUL", id="newline"),
        pytest.param("/opt/qemu-arm\0", "F", "has a colon, newline or NUL", id="nul"),
        pytest.param("/" + "q" * INTERPRETER_MAX, "F", "longer than 127 bytes", id="too-long"),
        pytest.param("/" + "é" * 64, "F", "longer than 127 bytes", id="too-long-in-bytes"),
        pytest.param("/usr/bin/qemu-arm", "FX", "X is none of CFOP", id="unknown-flag"),
        pytest.param("/usr/bin/qemu-arm", "f", "f is none of CFOP", id="lowercase-flag"),
    ],
)
def test_registration_refuses(interpreter: str, flags: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        registration(FORMATS["arm"], interpreter, flags)
