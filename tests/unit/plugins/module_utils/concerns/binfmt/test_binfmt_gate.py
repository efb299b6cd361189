# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which canary is asked for, and what is said of emulators that are not taken."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import BrokenError
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.gate import (
    Canary,
    Rejection,
    canary_of,
    is_rejected,
    unfinished,
)

NOTHING = {"image": None, "archive": None, "command": None, "timeout": None}
ARM64, S390X = FORMATS["arm64"], FORMATS["s390x"]


@pytest.mark.parametrize(
    ("given", "canary", "name"),
    [
        pytest.param({}, None, "", id="none"),
        pytest.param(NOTHING, None, "", id="none, as a module gets it"),
        pytest.param({**NOTHING, "image": "a/b:1"}, Canary("a/b:1", None, (), 120), "the canary of a/b:1", id="ours"),
        pytest.param(
            {"archive": "/c.tar", "command": ["/bin/x", "-y"], "timeout": 5},
            Canary(None, "/c.tar", ("/bin/x", "-y"), 5),
            "`/bin/x -y` of /c.tar",
            id="the user's own",
        ),
    ],
)
def test_canary(given: dict[str, Any], canary: Canary | None, name: str) -> None:
    found = canary_of(given)
    assert found == canary
    assert (found.name if found else "") == name


CRASH = BrokenError("linux/s390x: the canary of a/b:1 was killed by SIGSEGV", said="linux/s390x said:\nqemu: signal 11")
LACK = BrokenError("linux/arm64: a/b:1 has no such platform", remedy="Take another canary")


def test_what_is_said_of_one() -> None:
    found = unfinished([Rejection(S390X, "e/f:2", CRASH)])
    assert str(found) == (
        "new emulators failed and were not taken: linux/s390x (qemu-s390x of e/f:2); their platforms run as before, "
        "all else is done: linux/s390x: the canary of a/b:1 was killed by SIGSEGV. Take this emulator out of another "
        "image, builder_binfmt_images: {linux/s390x: IMAGE}; each run tries again"
    )
    assert found.said == "linux/s390x said:\nqemu: signal 11"


def test_what_is_said_of_two() -> None:
    found = unfinished([Rejection(S390X, "e/f:2", CRASH), Rejection(ARM64, "e/f:2", LACK)])
    assert found.cause == f"{CRASH.what}; {LACK.what}"
    assert found.remedy.endswith("each run tries again. Take another canary")


def test_which_are_rejected() -> None:
    assert is_rejected(S390X, [Rejection(S390X, "e/f:2", CRASH)])
    assert not is_rejected(ARM64, [Rejection(S390X, "e/f:2", CRASH)])
