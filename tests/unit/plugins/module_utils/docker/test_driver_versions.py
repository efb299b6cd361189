# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""First versions of driver options. Origin: the tags of docker/buildx; two of them on hosts: tests/hosts."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.docker.driver_versions import (
    ENVIRONMENT,
    NEWEST,
    SINCE,
    too_new,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_tables import DRIVERS


def test_every_option_that_has_a_version_is_one() -> None:
    assert set(SINCE) == set(DRIVERS)
    for driver, options in SINCE.items():
        assert set(options) - {ENVIRONMENT} <= set(DRIVERS[driver])
        assert max(options.values()) <= NEWEST


@pytest.mark.parametrize(
    ("driver", "option", "buildx", "since"),
    [
        pytest.param("kubernetes", "timeout", "0.13.1", "0.15", id="newer"),
        pytest.param("kubernetes", "timeout", "0.15.0", None, id="the first one"),
        pytest.param("kubernetes", "timeout", "0.29.1", None, id="older"),
        pytest.param("kubernetes", "namespace", "0.12.0", None, id="all have it"),
        pytest.param("kubernetes", "env.A", "0.27.0", "0.28", id="environment"),
        pytest.param("docker-container", "env.A", "0.12.0", None, id="environment of a container"),
        pytest.param("docker-container", "restart-policy", "0.12.1", "0.13", id="container"),
        pytest.param("remote", "default-load", "0.13.1", "0.14", id="remote"),
        pytest.param("remote", "default-load", "library-import", None, id="no version to compare"),
    ],
)
def test_what_is_too_new_is_told(driver: str, option: str, buildx: str, since: str | None) -> None:
    words = f"buildx {buildx} does not support `{option}` of the {driver} driver, which requires {since}"
    assert too_new(driver, [option], buildx) == ((words,) if since else ())


def test_options_are_told_one_by_one() -> None:
    found = too_new("kubernetes", {"timeout": "1s", "replicas": "2", "schedulername": "x"}, "0.13.1")
    assert [each.split("`")[1] for each in found] == ["timeout", "schedulername"]
