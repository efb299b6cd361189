# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handler files as Linux 6.18 writes them, and odd ones."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_handler,
    parse_registration,
    registration_of,
)

ARM64 = FORMATS["arm64"]
DEBIANS = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"
MAGIC = "7f454c460201010000000000000000000200b700"
MASK = "ffffffffffffff00fffffffffffffffffeffffff"


def handler_of(magic: bytes, mask: bytes | None, *, offset: int = 0, enabled: bool = True) -> Handler:
    return Handler("some", enabled, "/usr/bin/some", "", offset=offset, magic=magic, mask=mask)


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        pytest.param(
            f"enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: POCF\noffset 0\nmagic {MAGIC}\nmask {MASK}\n",
            Handler("it", True, "/usr/bin/qemu-aarch64", "POCF", 0, ARM64.magic, ARM64.mask),
            id="image-tonistiigi",
        ),
        pytest.param(
            f"enabled\ninterpreter {DEBIANS}\nflags: POF\noffset 0\nmagic {MAGIC}\nmask {MASK}\n",
            Handler("it", True, DEBIANS, "POF", 0, ARM64.magic, ARM64.mask),
            id="debian",
        ),
        pytest.param(
            f"disabled\ninterpreter /usr/bin/qemu-aarch64\nflags: \noffset 0\nmagic {MAGIC}\nmask {MASK}\n",
            Handler("it", False, "/usr/bin/qemu-aarch64", "", 0, ARM64.magic, ARM64.mask),
            id="disabled-no-flags",
        ),
        pytest.param(
            "enabled\ninterpreter /opt/a path/wine\nflags: O\noffset 4\nmagic 4d5a\n",
            Handler("it", True, "/opt/a path/wine", "O", 4, b"MZ", None),
            id="no-mask-offset-space-in-path",
        ),
        pytest.param(
            "enabled\ninterpreter /usr/bin/env\nflags: P\nextension .x\n",
            Handler("it", True, "/usr/bin/env", "P", extension="x"),
            id="extension",
        ),
        pytest.param(
            "enabled\nbpf my_handler\nbpf-interpreter aarch64 /usr/bin/qemu-aarch64\nflags: \n",
            Handler("it", True, "", ""),
            id="bpf-of-later-kernels",
        ),
        pytest.param("enabled", Handler("it", True, "", ""), id="nothing-but-the-status"),
    ],
)
def test_parse(text: str, handler: Handler) -> None:
    assert parse_handler("it", text) == handler


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "handler it: begins with ''", id="empty"),
        pytest.param("-1\n", "handler it: begins with '-1'", id="an-order"),
        pytest.param("enabled\nmagic 7f4\n", "handler it: .*hexadecimal", id="half-a-byte"),
        pytest.param("enabled\noffset x\n", "handler it: invalid literal", id="offset-no-number"),
        pytest.param("enabled\nmagic 4d5a\nmask ff\n", "a mask of 1 bytes for a magic of 2", id="short-mask"),
    ],
)
def test_unintelligible_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_handler("it", text)


@pytest.mark.parametrize(("flags", "fixed"), [("POCF", True), ("F", True), ("POC", False), ("", False)])
def test_fixed(flags: str, fixed: bool) -> None:
    assert Handler("it", True, "/usr/bin/qemu-arm", flags).fixed is fixed


@pytest.mark.parametrize("architecture", FORMATS)
def test_serves_its_own_format_only(architecture: str) -> None:
    handler = handler_of(FORMATS[architecture].magic, FORMATS[architecture].mask)
    assert [fmt.architecture for fmt in FORMATS.values() if handler.serves(fmt)] == [architecture]


@pytest.mark.parametrize(
    ("handler", "serves"),
    [
        pytest.param(handler_of(ARM64.magic, ARM64.mask, enabled=False), True, id="disabled"),
        pytest.param(handler_of(b"\x7fELF", None), True, id="every-elf"),
        pytest.param(handler_of(b"\xb7\x00", None, offset=18), True, id="machine-at-its-offset"),
        pytest.param(handler_of(ARM64.magic, None), False, id="no-mask-no-pie"),
        pytest.param(handler_of(ARM64.magic, b"\xff" * 16 + b"\xfe\xff\xff\xff"), False, id="no-gnu-osabi"),
        pytest.param(handler_of(ARM64.magic, ARM64.mask, offset=1), False, id="other-offset"),
        pytest.param(handler_of(ARM64.magic + b"\x01", None), False, id="longer"),
        pytest.param(handler_of(b"MZ", None), False, id="other-magic"),
        pytest.param(Handler("jar", True, "/usr/bin/java", "", extension="jar"), False, id="extension"),
        pytest.param(Handler("bpf", True, "", ""), False, id="bpf"),
    ],
)
def test_serves(handler: Handler, serves: bool) -> None:
    assert handler.serves(ARM64) is serves


@pytest.mark.parametrize(
    ("name", "interpreter", "line"),
    [
        pytest.param("a", "/b", r":a:E::x::/b:F", id="plain"),
        pytest.param("a:b", "/c", r"|a:b|E||x||/c|F", id="a colon in its name"),
        pytest.param("a", "/b:|c", r",a,E,,x,,/b:|c,F", id="a colon in the interpreter"),
    ],
)
def test_the_line_of_a_handler_is_separated_by_what_is_not_in_it(name: str, interpreter: str, line: str) -> None:
    assert registration_of(Handler(name, True, interpreter, "F", extension="x")) == line


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("# :qemu-arm:M::\\x7fELF:\\xff:/q:F", id="a comment"),
        pytest.param(":jar:E::jar::/usr/bin/jexec:", id="by extension"),
        pytest.param(":qemu-arm:M:here:\\x7fELF:\\xff:/q:F", id="an offset that is no number"),
        pytest.param(":qemu-arm:M::\\x7:\\xff:/q:F", id="an incomplete escape"),
        pytest.param(":qemu-arm:M::\u0436:\\xff:/q:F", id="a character that is no byte"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_registers_no_handler_by_magic(line: str) -> None:
    assert parse_registration(line) is None
