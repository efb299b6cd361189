# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags of buildkitd as people write them, and the spelling that they are told."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.flags import check, spelling
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

ENTITLEMENT = "--allow-insecure-entitlement=security.insecure"
SPACE = "has a space, so buildkitd takes all of it as one flag name"


def told(*flags: str | None) -> list[str]:
    findings = Findings()
    check(flags, "flags", findings)
    return [str(each) for each in findings.problems]


@pytest.mark.parametrize(
    "flag",
    [
        pytest.param("--debug", id="a switch"),
        pytest.param(ENTITLEMENT, id="with a value"),
        pytest.param("-v", id="a short one"),
        pytest.param("--oci-worker-labels=a=b c", id="a space in a value"),
        pytest.param(None, id="what was told before"),
    ],
)
def test_what_is_one_flag(flag: str | None) -> None:
    assert told(flag) == []


@pytest.mark.parametrize(
    ("flags", "problems"),
    [
        pytest.param(
            ["--allow-insecure-entitlement security.insecure"],
            [f"flags[0] = '--allow-insecure-entitlement security.insecure': {SPACE}. Write flags: [{ENTITLEMENT}]."],
            id="flag and value, as for a shell",
        ),
        pytest.param(
            ["--debug --oci-worker-net host --oci-max-parallelism=4"],
            [
                f"flags[0] = '--debug --oci-worker-net host --oci-max-parallelism=4': {SPACE}. Write flags: [--debug, "
                "--oci-worker-net=host, --oci-max-parallelism=4]."
            ],
            id="several in one",
        ),
        pytest.param(
            ["--debug "],
            [f"flags[0] = '--debug ': {SPACE}. Write flags: [--debug]."],
            id="a space at its end",
        ),
        pytest.param(
            ["--allow-insecure-entitlement", "security.insecure"],
            [
                "flags[1] = 'security.insecure': is not a flag of buildkitd. Write flag and value as one entry: "
                f"flags: [{ENTITLEMENT}]."
            ],
            id="flag and value as two entries",
        ),
        pytest.param(
            ["debug"],
            [
                "flags[0] = 'debug': is not a flag of buildkitd. Write one flag per entry, such as --debug or "
                "--oci-max-parallelism=4."
            ],
            id="no flag",
        ),
    ],
)
def test_what_is_none(flags: list[str], problems: list[str]) -> None:
    assert told(*flags) == problems


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        pytest.param("--debug --oci-worker-net host", "Write flags: [--debug, --oci-worker-net=host]", id="one string"),
        pytest.param(
            {"--allow-insecure-entitlement": "security.insecure"}, f"Write flags: [{ENTITLEMENT}]", id="a mapping"
        ),
        pytest.param(" ", None, id="nothing"),
        pytest.param(7, None, id="a number"),
    ],
)
def test_spelling(value: object, spelled: str | None) -> None:
    assert spelling(value) == spelled
