# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules are for which program."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.program import cause


@pytest.mark.parametrize(
    ("argv", "stdout", "stderr", "told"),
    [
        pytest.param(["docker", "buildx", "ls"], "", "#1 x\nERROR: failed to solve: no\n", "no", id="buildx"),
        pytest.param(
            ["/usr/bin/docker", "pull", "x"], "", "WARNING: a\nError response from daemon: no\n", "no", id="docker"
        ),
        pytest.param(["apt-get", "update"], "", "E: no\nE: more\n", "no", id="apt"),
        pytest.param(
            ["systemctl", "start", "x"],
            "",
            "Failed to start x.service: Unit x.service not found.\n",
            "Failed to start x.service: Unit x.service not found.",
            id="systemctl",
        ),
        pytest.param(
            ["dockerd", "--validate"],
            "",
            "Status: unknown flag: --x\nSee 'dockerd --help'., Code: 125\n",
            "unknown flag: --x",
            id="dockerd",
        ),
        pytest.param(
            ["usermod", "x"],
            "",
            "usermod: a\nusermod: user 'x' does not exist\n",
            "usermod: user 'x' does not exist",
            id="any other",
        ),
        pytest.param(["x"], "to its output\n", " \n", "to its output", id="nothing on standard error"),
        pytest.param(["docker", "buildx", "ls"], "", "", "nothing said", id="nothing"),
    ],
)
def test_cause(argv: list[str], stdout: str, stderr: str, told: str) -> None:
    assert cause(argv, stdout, stderr) == told
