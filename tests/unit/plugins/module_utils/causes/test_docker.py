# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the docker client failed, of recorded outputs."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker import of_client
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases


@pytest.mark.parametrize(("said", "cause"), cases("docker.txt"))
def test_of_client(said: str, cause: str) -> None:
    assert of_client(said) == cause


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        pytest.param(
            "docker: 'buildx' is not a docker command.\nSee 'docker --help'\n",
            "'buildx' is not a docker command.",
            id="no plugin",
        ),
        pytest.param("WARNING: a\n", "WARNING: a", id="a warning alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_other_words(said: str, cause: str) -> None:
    assert of_client(said) == cause
