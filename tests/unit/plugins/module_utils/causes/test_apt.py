# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why apt-get failed, of recorded outputs: standard error first, then what matters of its output."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.apt import of_apt, unfetched
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases


@pytest.mark.parametrize(("said", "cause"), cases("apt.txt"))
def test_of_apt(said: str, cause: str) -> None:
    stderr, _mark, stdout = said.partition("--- stdout\n")
    assert of_apt(stdout, stderr) == cause


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        pytest.param("", "", id="all was fetched"),
        pytest.param("W: Target Packages is configured multiple times\n", "", id="another warning"),
        pytest.param(
            "".join(f"W: Failed to fetch http://a/{each}  Could not resolve 'a'\n" for each in "xyzz"),
            "http://a/x: Could not resolve 'a'; http://a/y: Could not resolve 'a'; and 1 more",
            id="several, each once",
        ),
        pytest.param(
            "E: The repository 'http://a trixie InRelease' is not signed.\n",
            "The repository 'http://a trixie InRelease' is not signed.",
            id="not signed",
        ),
    ],
)
def test_unfetched(stderr: str, told: str) -> None:
    assert unfetched(stderr) == told
