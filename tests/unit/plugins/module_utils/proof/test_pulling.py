# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker itself pulls, at a stand-in for its command; real pulls are in tests/hosts."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.pulling import pull

USER = pwd.getpwuid(os.geteuid()).pw_name
Programs = Callable[[str, str], Path]
IMAGE, PLATFORM = "harbor.example/ci/proof:proof", "linux/amd64"
INSPECT, PULL, REMOVE = f"image inspect {IMAGE}", f"pull --platform {PLATFORM} {IMAGE}", f"image rm {IMAGE}"


@pytest.mark.parametrize(
    ("there", "steps"),
    [
        pytest.param(False, [INSPECT, PULL, REMOVE], id="it leaves again"),
        pytest.param(True, [INSPECT, PULL], id="somebody had it before"),
    ],
)
def test_what_was_pulled(there: bool, steps: list[str], programs: Programs) -> None:
    calls = programs("docker", f'case "$*" in *inspect*) exit {0 if there else 1};; esac')
    assert pull(IMAGE, PLATFORM, USER) is None
    assert calls.read_text().splitlines() == steps


WORDS = 'failed to do request: Get "https://registry-1.docker.io/v2/library/a/referrers/sha256:1": no such host'


def test_what_was_not(programs: Programs) -> None:
    calls = programs("docker", f"echo '1: Pulling from library/a'; echo '{WORDS}' >&2; exit 1")
    failure = pull(IMAGE, PLATFORM, USER)
    assert failure is not None
    assert failure.message == f"{USER} cannot pull {IMAGE} with docker itself: {WORDS}"
    assert failure.platforms == (PLATFORM,)
    assert "as hosts.toml does not list them for the mirror" in failure.remedy
    assert calls.read_text().splitlines() == [INSPECT, PULL], "nothing is there to be removed"
