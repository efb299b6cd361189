# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why buildx and BuildKit failed, of recorded outputs."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import (
    Failed,
    is_symptom,
    of_build,
    of_client,
    of_daemon,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases


@pytest.mark.parametrize(("said", "cause"), [*cases("buildx.txt"), *cases("builds.txt")])
def test_of_client(said: str, cause: str) -> None:
    assert of_client(said) == cause


@pytest.mark.parametrize(("log", "cause"), cases("buildkitd.txt"))
def test_of_daemon(log: str, cause: str) -> None:
    assert of_daemon(log) == cause


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        pytest.param(
            "[FATAL tini (7)] exec x failed: No such file or directory\n" * 3,
            "exec x failed: No such file or directory",
            id="tini",
        ),
        pytest.param(
            "exec /usr/bin/buildkitd: exec format error\n",
            "exec /usr/bin/buildkitd: exec format error",
            id="another machine's",
        ),
        pytest.param(
            "panic: runtime error: x\n\ngoroutine 1 [running]:\nmain.main()\n", "panic: runtime error: x", id="a panic"
        ),
        pytest.param(
            'time="x" level=info msg=a\ntime="x" level=error msg=b error=c\ntime="x" level=info msg=d\n',
            "b: c",
            id="the last that is logged as an error",
        ),
        pytest.param('time="x" level=error msg=b\ntime="x" level=fatal msg=c\n', "c", id="a fatal one"),
        pytest.param("buildkitd: the first start\nbuildkitd: the last start\n", "the last start", id="the last start"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_of_a_daemon_in_other_words(log: str, cause: str) -> None:
    assert of_daemon(log) == cause


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        pytest.param(
            "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n",
            "docker: unknown command: docker buildx",
            id="no buildx, Docker 28",
        ),
        pytest.param(
            "docker: 'buildx' is not a docker command.\nSee 'docker --help'\n",
            "docker: 'buildx' is not a docker command.",
            id="no buildx, Docker 26",
        ),
        pytest.param(
            "unknown flag: --x\n\nUsage:  docker buildx build [OPTIONS] PATH | URL | -\n\n"
            "Run 'docker buildx build --help' for more information\n",
            "unknown flag: --x",
            id="a flag that this buildx has not",
        ),
    ],
)
def test_advice_is_no_cause(said: str, cause: str) -> None:
    assert of_client(said) == cause


def test_the_platform_of_a_step_that_failed_is_known_where_it_has_a_name() -> None:
    named = '#7 [linux/s390x 2/2] RUN ["/probe"]\n#7 0.2 exec /probe: exec format error\n'
    failed = '#7 ERROR: process "/probe" did not complete successfully: exit code: 255\n'
    end = 'ERROR: failed to build: failed to solve: process "/probe" did not complete successfully: exit code: 255\n'
    cause = 'process "/probe" did not complete successfully: exit code: 255: exec /probe: exec format error'
    assert of_build(named + failed + end) == Failed(cause, "linux/s390x", alone=True)
    assert of_build(named.replace("linux/s390x ", "") + failed + end) == Failed(cause, alone=True)
    assert of_build("ERROR: failed to solve: failed to push a/b: no\n") == Failed("failed to push a/b: no")


def test_an_error_of_several_lines_is_one_with_what_the_registry_said() -> None:
    said = (
        "#6 ERROR: x\nERROR: failed to build: failed to solve: failed to push a/b: 403 Forbidden\n  denied: no\n\nmore"
    )
    assert of_client(said) == "failed to push a/b: 403 Forbidden: denied: no"
    advice = "ERROR: Multi-platform build is not supported for the docker driver.\nSwitch to a different driver, or …\n"
    assert of_client(advice) == "Multi-platform build is not supported for the docker driver."


@pytest.mark.parametrize(
    ("cause", "symptom"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param("Container 3c7c is restarting, wait until the container is running", True, id="it restarts"),
        pytest.param("unable to upgrade to tcp, received 409", True, id="the same, for another client"),
        pytest.param("context deadline exceeded", True, id="nobody answered"),
        pytest.param("exit code 126", True, id="a look into a container that ends meanwhile"),
        pytest.param('process "/bin/sh" did not complete successfully: exit code: 1', False, id="a step of a build"),
        pytest.param('failed to resolve reference "a/b": a/b: not found', False, id="no image"),
    ],
)
def test_is_symptom(cause: str, symptom: bool) -> None:
    assert is_symptom(cause) is symptom
