# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each handler of a host wants: one table of what can be found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    EMULATORS,
    BinfmtState,
    Verdict,
    catching,
    finding,
    in_front,
    is_ours,
    mask_of,
    needed,
    unwanted,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS, registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    Handler,
    parse_handler,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor

ARM64 = FORMATS["arm64"]
FOLDER = f"{EMULATORS}/8288bef2169d"
LINE = registration(ARM64, f"{FOLDER}/qemu-aarch64", "CFP") + "\n"
# /usr/lib/binfmt.d/qemu-aarch64.conf of Debian 13, less its bytes
DEBIANS = "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"
DEBIAN_LINE = f":qemu-aarch64:M::magic:mask:{DEBIANS}:OPF"

OURS = parse_handler(
    "qemu-aarch64",
    f"enabled\ninterpreter {FOLDER}/qemu-aarch64\nflags: POCF\noffset 0\n"
    "magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n",
)
THEIRS = replace(OURS, interpreter="/usr/bin/qemu-aarch64")
DEBIAN = replace(OURS, interpreter=DEBIANS, flags="POF")
ELSEWHERE = replace(THEIRS, name="my-arm64")
WITHOUT_F = "without flag F, so it does not work in containers"
OTHER_FORMAT = "does not match the format"


def state(
    *handlers: Handler,
    line: str | None = LINE,
    broken: str | None = None,
    owned: frozenset[str] = frozenset(),
    file: str | None = None,
) -> BinfmtState:
    return BinfmtState(
        processor=Processor("x86_64"),
        handlers={each.name: each for each in handlers},
        lines={} if line is None else {"qemu-aarch64": line},
        configuration={} if file is None else {"qemu-aarch64": file},
        owned=owned,
        broken={} if broken is None else {each.name: broken for each in handlers},
    )


MINE = frozenset({"qemu-aarch64"})
THEIR_LINE = LINE.replace(FOLDER, "/usr/bin")
MASKED = {"qemu-aarch64": "/etc/binfmt.d/qemu-aarch64.conf is a link to /dev/null"}
TAKEN = "it replaced our handler"
KEEP, ADD, REPLACE, LEAVE = Verdict.KEEP, Verdict.ADD, Verdict.REPLACE, Verdict.LEAVE


@pytest.mark.parametrize(
    ("now", "verdict", "why"),
    [
        pytest.param(state(), ADD, "no handler", id="none"),
        pytest.param(state(line=None), ADD, "no handler", id="none, and no emulator yet"),
        pytest.param(
            state(Handler("jar", True, "/usr/bin/java", "", extension="jar")), ADD, "no handler", id="only others"
        ),
        # ours
        pytest.param(state(OURS), KEEP, "as asked", id="ours"),
        pytest.param(state(replace(OURS, flags="F")), KEEP, "as asked", id="ours, with other flags and F"),
        pytest.param(state(replace(OURS, enabled=False)), REPLACE, "disabled", id="ours, disabled"),
        pytest.param(state(replace(OURS, flags="POC")), REPLACE, WITHOUT_F, id="ours, without F"),
        pytest.param(state(replace(OURS, magic=FORMATS["arm"].magic)), REPLACE, OTHER_FORMAT, id="ours, other bytes"),
        pytest.param(
            state(replace(OURS, interpreter=f"{EMULATORS}/25af7ab5f48f/qemu-aarch64")),
            REPLACE,
            "of a former source",
            id="of another image: an upgrade",
        ),
        pytest.param(
            state(replace(OURS, interpreter=f"{EMULATORS}/25af7ab5f48f/qemu-aarch64", enabled=False)),
            REPLACE,
            "disabled",
            id="of another image, disabled",
        ),
        pytest.param(state(OURS, line=None), REPLACE, "of a former source", id="ours, and its emulator was deleted"),
        pytest.param(
            replace(state(OURS, line=None), damaged={"qemu-aarch64": "is not as it was written"}),
            REPLACE,
            "is not as it was written",
            id="ours, and its emulator is damaged",
        ),
        pytest.param(state(OURS, line=DEBIAN_LINE), REPLACE, "of a former source", id="the package is asked for now"),
        # somebody else's
        pytest.param(state(THEIRS), LEAVE, "works", id="theirs, works"),
        pytest.param(state(DEBIAN), LEAVE, "works", id="Debian's, works"),
        pytest.param(state(ELSEWHERE), LEAVE, "works", id="theirs, by another name"),
        pytest.param(state(THEIRS, line=None), LEAVE, "works", id="theirs: no emulator of ours is needed"),
        pytest.param(state(replace(THEIRS, enabled=False)), REPLACE, "disabled", id="theirs, disabled"),
        pytest.param(state(replace(THEIRS, flags="OC")), REPLACE, WITHOUT_F, id="theirs, without F"),
        pytest.param(state(replace(ELSEWHERE, flags="")), REPLACE, WITHOUT_F, id="by another name, without F"),
        pytest.param(
            state(replace(THEIRS, magic=FORMATS["riscv64"].magic)), REPLACE, OTHER_FORMAT, id="theirs, other bytes"
        ),
        pytest.param(
            state(replace(THEIRS, magic=b"", mask=None, extension="x")), REPLACE, OTHER_FORMAT, id="by extension"
        ),
        pytest.param(state(Handler("qemu-aarch64", True, "", "")), REPLACE, OTHER_FORMAT, id="bpf, of later kernels"),
        pytest.param(state(THEIRS, broken="told nothing"), REPLACE, "told nothing", id="theirs, runs nothing"),
        # in place of ours
        pytest.param(state(owned=MINE, file=LINE), ADD, "no handler", id="ours is gone"),
        pytest.param(state(THEIRS, owned=MINE, file=LINE), REPLACE, TAKEN, id="a job reset handlers"),
        pytest.param(state(THEIRS, owned=MINE), REPLACE, TAKEN, id="and our file is gone, too"),
        pytest.param(state(THEIRS, owned=MINE, file=""), REPLACE, TAKEN, id="and our file is damaged"),
        pytest.param(state(THEIRS, owned=MINE, file="# a\n" + LINE), REPLACE, TAKEN, id="and our file was edited"),
        pytest.param(state(ELSEWHERE, owned=MINE, file=LINE), REPLACE, TAKEN, id="by another name"),
        pytest.param(state(DEBIAN, owned=MINE, file=LINE), REPLACE, TAKEN, id="Debian's"),
        pytest.param(state(THEIRS, line=None, owned=MINE, file=LINE), REPLACE, TAKEN, id="at an upgrade"),
        pytest.param(
            state(THEIRS, owned=MINE, file=LINE, broken="told nothing"), REPLACE, "told nothing", id="it runs nothing"
        ),
        pytest.param(state(THEIRS, owned=MINE, file=THEIR_LINE), LEAVE, "works", id="for good: their line in our file"),
        pytest.param(
            replace(state(THEIRS, owned=MINE), masked=MASKED), LEAVE, "works", id="for good: our file is masked"
        ),
        pytest.param(
            state(THEIRS, owned=frozenset({"qemu-arm"}), file=LINE), LEAVE, "works", id="another of ours was recorded"
        ),
        # the package's
        pytest.param(state(DEBIAN, line=DEBIAN_LINE), KEEP, "as asked", id="Debian's, and the package is asked for"),
        pytest.param(
            state(replace(DEBIAN, flags="OP"), line=DEBIAN_LINE), REPLACE, WITHOUT_F, id="the package's, without F"
        ),
        pytest.param(state(THEIRS, line=DEBIAN_LINE), LEAVE, "works", id="theirs, and the package is asked for"),
        # two of them
        pytest.param(state(ELSEWHERE, OURS), KEEP, "as asked", id="ours and another"),
        pytest.param(
            state(ELSEWHERE, replace(OURS, flags="")), REPLACE, WITHOUT_F, id="this name is ours to decide on"
        ),
    ],
)
def test_finding(now: BinfmtState, verdict: Verdict, why: str) -> None:
    found = finding(ARM64, now, takeover=False)
    assert (found.fmt, found.verdict, found.why) == (ARM64, verdict, why)
    assert (found.handler is None) is (verdict is ADD)


@pytest.mark.parametrize(
    ("now", "verdict", "why"),
    [
        pytest.param(state(THEIRS), REPLACE, "builder_binfmt_takeover", id="theirs, works"),
        pytest.param(state(ELSEWHERE), REPLACE, "builder_binfmt_takeover", id="theirs, by another name"),
        pytest.param(state(replace(THEIRS, enabled=False)), REPLACE, "disabled", id="theirs, disabled"),
        pytest.param(state(OURS), KEEP, "as asked", id="ours"),
        pytest.param(state(OURS, ELSEWHERE), KEEP, "as asked", id="ours and another: once it is taken over"),
        pytest.param(state(DEBIAN, line=DEBIAN_LINE), KEEP, "as asked", id="the package's, and it is asked for"),
        pytest.param(state(), ADD, "no handler", id="none"),
    ],
)
def test_finding_with_takeover(now: BinfmtState, verdict: Verdict, why: str) -> None:
    found = finding(ARM64, now, takeover=True)
    assert (found.verdict, found.why) == (verdict, why)


@pytest.mark.parametrize(
    ("platforms", "architectures"),
    [
        pytest.param(["linux/amd64", "linux/arm64"], ["arm64"], id="native ones need none"),
        pytest.param(["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], ["arm"], id="one for all variants"),
        pytest.param(["linux/s390x", "linux/arm64", "linux/s390x"], ["s390x", "arm64"], id="order, once each"),
        pytest.param([], [], id="none"),
    ],
)
def test_needed(platforms: list[str], architectures: list[str]) -> None:
    assert [fmt.architecture for fmt in needed(platforms, Processor("x86_64"))] == architectures


I386 = FORMATS["386"]
FOREIGN_386 = replace(THEIRS, name="qemu-i386", magic=I386.magic, mask=I386.mask)


@pytest.mark.parametrize(
    ("platform", "siblings", "handler", "found"),
    [
        pytest.param("linux/386", {"386"}, FOREIGN_386, True, id="in front of the processor"),
        pytest.param("linux/386", {"386"}, replace(FOREIGN_386, enabled=False), False, id="disabled"),
        pytest.param("linux/386", set(), FOREIGN_386, False, id="the processor does not run it"),
        pytest.param("linux/amd64", {"386"}, FOREIGN_386, False, id="another platform"),
        pytest.param("linux/386", {"386"}, THEIRS, False, id="another handler"),
    ],
)
def test_in_front(platform: str, siblings: set[str], handler: Handler, found: bool) -> None:
    processor = Processor("x86_64", siblings=frozenset(siblings))
    assert in_front(platform, processor, {handler.name: handler}) == (handler if found else None)


def test_catching() -> None:
    others = {"a": replace(THEIRS, name="a"), "z": replace(THEIRS, name="z", magic=b"MZ", mask=None)}
    assert catching(ARM64, {}) is None
    assert catching(ARM64, others) == others["a"]
    assert catching(ARM64, {**others, "qemu-aarch64": OURS}) == OURS
    assert catching(FORMATS["s390x"], {**others, "qemu-aarch64": OURS}) is None


@pytest.mark.parametrize(
    ("interpreter", "ours"),
    [
        (f"{EMULATORS}/8288bef2169d/qemu-aarch64", True),
        (f"{EMULATORS}-of-mine/qemu-aarch64", False),
        ("/usr/bin/qemu-aarch64", False),
        ("", False),
    ],
)
def test_is_ours(interpreter: str, ours: bool) -> None:
    assert is_ours(replace(OURS, interpreter=interpreter)) is ours


def test_unwanted() -> None:
    now = state(owned=frozenset({"qemu-s390x", "qemu-aarch64", "qemu-arm"}))
    assert unwanted(now, [ARM64]) == ("qemu-arm", "qemu-s390x")
    assert unwanted(now, []) == ("qemu-aarch64", "qemu-arm", "qemu-s390x")
    assert unwanted(state(), [ARM64]) == ()


PATH = "/etc/binfmt.d/qemu-aarch64.conf"


@pytest.mark.parametrize(
    ("leads_to", "text", "owned", "words"),
    [
        pytest.param(PATH, LINE, False, None, id="a line of somebody's"),
        pytest.param(PATH, "# theirs\n" + DEBIAN_LINE, False, None, id="a comment and a line"),
        pytest.param("/srv/config/qemu.conf", LINE, False, None, id="a link to a line"),
        pytest.param("/dev/null", "", False, "is a link to /dev/null", id="a mask"),
        pytest.param("/dev/null", "", True, "is a link to /dev/null", id="a mask of ours"),
        pytest.param(PATH, "", False, "registers nothing", id="empty"),
        pytest.param(PATH, "# none here\n; nor here\n\n", False, "registers nothing", id="comments alone"),
        pytest.param(
            PATH, ":qemu-aarch64:M:x:\\x7fELF::/q:F", False, "registers nothing", id="what the kernel refuses"
        ),
        pytest.param(PATH, "", True, None, id="ours, emptied: damaged"),
    ],
)
def test_what_masks_a_handler(leads_to: str, text: str, owned: bool, words: str | None) -> None:
    """systemd, binfmt.d(5)."""
    assert mask_of(PATH, leads_to, text, owned=owned) == (words and f"{PATH} {words}")
