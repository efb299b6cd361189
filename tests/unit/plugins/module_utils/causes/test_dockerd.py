# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd has against a daemon.json, and what it blames."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.dockerd import (
    Blame,
    blame,
    of_start,
    of_validation,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases


@pytest.mark.parametrize(("said", "cause"), cases("validations.txt"))
def test_of_validation(said: str, cause: str) -> None:
    assert of_validation(said, "/tmp/x.json") == cause


@pytest.mark.parametrize(
    ("cause", "found"),
    [
        pytest.param("unknown flag: --nope", Blame(flag="--nope"), id="a flag"),
        pytest.param("unknown shorthand flag: 'x' in -x", Blame(flag="-x"), id="a short one"),
        pytest.param('invalid argument "much" for "--mtu" flag: no', Blame(flag="--mtu"), id="its value"),
        pytest.param(
            'invalid argument "x" for "-l, --log-level" flag: no',
            Blame(flag="--log-level"),
            id="of one with a short form",
        ),
        pytest.param("flag needs an argument: --mtu", Blame(flag="--mtu"), id="without a value"),
        pytest.param('"dockerd" accepts no argument(s).', Blame(flag=""), id="no flag"),
        pytest.param(
            "the following … specified both as a flag and in the configuration file: hosts: (from flag: …)",
            Blame(key="hosts"),
            id="a key that is a flag",
        ),
        pytest.param(
            "failed to load listeners: listen tcp 0.0.0.0:22: bind: address already in use",
            Blame(address="0.0.0.0:22"),
            id="an address",
        ),
        pytest.param("failed to start daemon: no space left on device", Blame(), id="none of them"),
    ],
)
def test_blame(cause: str, found: Blame) -> None:
    assert blame(cause) == found


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        pytest.param(
            ["a wrapper's words", "failed to start daemon: x"], "failed to start daemon: x", id="a wrapper speaks first"
        ),
        pytest.param(
            ['{"level":"fatal","msg":"failed to start daemon: x"}'], "failed to start daemon: x", id="logged as JSON"
        ),
        pytest.param(['time="x" level=info msg=y'], "", id="no error"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_of_start(lines: list[str], cause: str) -> None:
    assert of_start(lines) == cause
