# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables for the users' jobs."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.environment import check_environment
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def run(values: dict[object, object], missing: str = "") -> tuple[dict[str, str], list[str], list[str]]:
    findings = Findings()
    found = check_environment(values, "e", findings, missing=missing)
    return found, [str(problem) for problem in findings.problems], findings.warnings


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        pytest.param("BUILDX_BUILDER", "b", "e.BUILDX_BUILDER: is set automatically. Set `default: true`", id="ours"),
        pytest.param("DOCKER_CONFIG", "/x", "e.DOCKER_CONFIG: directs jobs away from the builder", id="another folder"),
        pytest.param("BUILDX_CONFIG", "/x", "e.BUILDX_CONFIG: directs jobs away", id="another store"),
        pytest.param("HOME", "/x", "e.HOME: directs jobs away", id="another home"),
        pytest.param(
            "DOCKER_HOST", "tcp://x:1", "e.DOCKER_HOST: directs jobs to another dockerd", id="another dockerd"
        ),
        pytest.param("DOCKER_CONTEXT", "x", "e.DOCKER_CONTEXT: directs jobs to another dockerd", id="context"),
        pytest.param("BUILDKIT_HOST", "x", "e.BUILDKIT_HOST: directs jobs to another buildkitd", id="buildkitd"),
        pytest.param("DOCKER_AUTH_CONFIG", "s3cret", "e.DOCKER_AUTH_CONFIG: contains a login", id="logins"),
        pytest.param("MY_TOKEN", "s3cret", "e.MY_TOKEN: contains a secret, but the file may be world", id="a token"),
        pytest.param("NPM_API_KEY", "s3cret", "e.NPM_API_KEY: contains a secret", id="a key"),
        pytest.param("registry_password", "s3cret", "e.registry_password: contains a secret", id="a password"),
        pytest.param("HTTPS_PROXY", "http://me:s3cret@p", "e.HTTPS_PROXY: contains a login", id="a URL with a login"),
        pytest.param(
            "BUILDX_NO_DEFAULT_ATTESTATION",
            "1",
            "e.BUILDX_NO_DEFAULT_ATTESTATION: is not a variable of buildx, BuildKit or docker. "
            "Did you mean BUILDX_NO_DEFAULT_ATTESTATIONS?",
            id="misspelled",
        ),
        pytest.param("buildx_no_default_load", "1", "Did you mean BUILDX_NO_DEFAULT_LOAD?", id="in small letters"),
        pytest.param("BUILDX_NO_ATTESTATIONS", "1", "Did you mean BUILDX_NO_DEFAULT_ATTESTATIONS?", id="shortened"),
        pytest.param("A-B", "1", "e.A-B: is not a valid variable name", id="no name"),
        pytest.param("1A", "1", "e.1A: is not a valid variable name", id="a digit first"),
        pytest.param(1, "1", "e.1: has a name that is not a string. Put the name in quotes", id="a number as name"),
        pytest.param(
            "BUILDX_NO_DEFAULT_LOAD", "yes", "= 'yes': is not a valid value for buildx. Valid values: 1, 0", id="yes"
        ),
        pytest.param(
            "BUILDKIT_PROGRESS", "none", "Valid values: auto, plain, tty, quiet, rawjson", id="an unknown word"
        ),
        pytest.param("SOURCE_DATE_EPOCH", "now", "Valid values: a whole number", id="no number"),
        pytest.param("MY_OWN", True, "e.MY_OWN: is a boolean, which could be written in several ways", id="a boolean"),
        pytest.param("MY_OWN", 1.10, "e.MY_OWN: is a number, which", id="a fraction"),
        pytest.param("MY_OWN", None, "e.MY_OWN: is null. Write the text", id="null"),
        pytest.param("MY_OWN", "", "e.MY_OWN: is empty, which readers interpret differently", id="empty"),
        pytest.param("MY_OWN", "a\nB=1", "e.MY_OWN = 'a\\nB=1': has a character", id="a second line"),
        pytest.param("MY_OWN", "x" * 994, "e.MY_OWN: is longer than 1000 characters", id="longer than PAM reads"),
        *(
            pytest.param(
                "MY_OWN", f"a{sign}b", "has a character that PAM, systemd, GitHub's runner and shells", id=sign
            )
            for sign in " \"'\\#$`;&|<>()*?[]{}!~\t\rä"
        ),
    ],
)
def test_refused(name: object, value: object, told: str) -> None:
    found, problems, _warnings = run({name: value})
    assert found == {}
    assert [told in each for each in problems] == [True], problems
    assert "s3cret" not in problems[0]


def test_a_file_is_needed() -> None:
    told = "e: is set, but builder_environment_file names no file to write it to. Set builder_environment_file too"
    found, problems, _warnings = run({"A": "1"}, "builder_environment_file")
    assert found == {"A": "1"}
    assert [each.startswith(told) for each in problems] == [True]
    assert run({}, "builder_environment_file") == ({}, [], [])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("BUILDX_NO_DEFAULT_ATTESTATIONS", True, "1"),
        ("BUILDKIT_NO_CLIENT_TOKEN", True, "1"),
        ("BUILDKIT_COLORS", "run=123,20,245:error=yellow", "run=123,20,245:error=yellow"),
        ("DOCKER_DEFAULT_PLATFORM", "linux/arm/v7", "linux/arm/v7"),
        ("DOCKER_TLS_CERTDIR", "/certs", "/certs"),
        ("DOCKER_HOST_IP", "192.0.2.1", "192.0.2.1"),
        ("DOCKER_REGISTRY", "a.example:5000/x@sha256:0", "a.example:5000/x@sha256:0"),
        ("BUILDKIT_VERSION", "v0.33.0", "v0.33.0"),
        ("TOKENIZERS_PARALLELISM", "false", "false"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/token", "/run/token"),
        ("MY_OWN", 7, "7"),
    ],
)
def test_good(name: str, value: object, text: str) -> None:
    assert run({name: value}) == ({name: text}, [], [])
    shell = subprocess.run(
        ["sh", "-c", f'. /dev/stdin; printf %s "${name}"'],
        input=f"{name}={text}\n",
        text=True,
        capture_output=True,
        check=True,
    )
    assert shell.stdout == text


def test_what_has_no_effect_is_warned_of() -> None:
    words = "e.DOCKER_CLI_EXPERIMENTAL: has no effect: docker has no such setting since 20.10"
    assert run({"DOCKER_CLI_EXPERIMENTAL": "enabled"}) == ({"DOCKER_CLI_EXPERIMENTAL": "enabled"}, [], [words])
