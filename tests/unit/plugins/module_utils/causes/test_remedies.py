# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about causes: all that were recorded, and those that no host of the lab has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import of_builder, of_pull
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases

BUILDERS: list[Any] = [*cases("buildx.txt"), *cases("buildkitd.txt")]
PULLS: list[Any] = [each for each in cases("docker.txt") if ": pull" in each.id]
# What ssh says is told with its own remedy; a symptom only stands where the container says nothing; it runs.
ELSEWHERE = ("by ssh", "a container that restarts", "an image that is no BuildKit", "it runs")


def words(title: str) -> str:
    """What the remedy of a recorded case has to name."""
    kinds = {
        "not trusted": "`ca`",
        "registry has not": "Use an image",
        "no such image": "Use an image",
        "no name of an image": "Use an image",
        "without an address": "resolves its name",
        "no such registry": "resolves its name",
        "does not run": "reaches it",
        "no such platform": "platform of this host",
        "driver option": "driver_opts",
        "unknown network mode": "builder_buildkit_options",  # of buildkitd itself
        "unknown network": "driver_opts",
        "too little memory": "driver_opts",
        "buildkitd.toml": "builder_buildkit_options",
        "flag": "`flags`",
        "docker is down": "systemctl start docker",
    }
    return next((remedy for kind, remedy in kinds.items() if kind in title), "builder_buildkit_options")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        pytest.param(case.values[1], words(case.id), id=case.id)
        for case in BUILDERS
        if not any(each in case.id for each in ELSEWHERE)
    ],
)
def test_of_builder(cause: str, told: str) -> None:
    assert told in of_builder(cause)
    if "failed to resolve reference" in cause:
        assert of_builder(cause).endswith("`image` is in builder_instances")


@pytest.mark.parametrize(
    ("cause", "told"), [pytest.param(case.values[1], words(case.id), id=case.id) for case in PULLS]
)
def test_of_pull(cause: str, told: str) -> None:
    assert told in of_pull(cause)


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        pytest.param("pull access denied for x, repository does not exist", "`username` and `password`", id="denied"),
        pytest.param(
            'failed to resolve reference "a/b:1": dial tcp: lookup a: Temporary failure in name resolution',
            "resolves its name",
            id="no name server",
        ),
        pytest.param("write /var/lib/docker/x: no space left on device", "Free space", id="a full disk"),
    ],
)
def test_what_was_not_recorded(cause: str, told: str) -> None:
    assert told in of_pull(cause)
    assert told in of_builder(cause)


@pytest.mark.parametrize(
    "cause",
    [
        pytest.param("something that nobody has seen", id="unknown"),
        pytest.param("failed to list workers: Unavailable", id="a symptom"),
        pytest.param("Cannot connect to the Docker daemon at http://docker.example.com.", id="docker of another host"),
    ],
)
def test_what_says_all_that_is_known_stands_alone(cause: str) -> None:
    assert (of_pull(cause), of_builder(cause)) == ("", "")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        pytest.param(
            "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if "
            "the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
            "`systemctl start docker`, then run again",
            id="docker is down, buildx 0.31",
        ),
        pytest.param(
            "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
            "",
            id="it is up, and not for this user",
        ),
    ],
)
def test_a_docker_that_does_not_answer(cause: str, told: str) -> None:
    assert of_builder(cause) == told
