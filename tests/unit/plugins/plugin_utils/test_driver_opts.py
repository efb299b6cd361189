# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the docker-container driver. Origin: docker/buildx, driver/docker-container/factory.go."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.driver_opts import DRIVER_OPTS, normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.problem import Findings

VALUES: dict[str, tuple[dict[object, str], list[object]]] = {
    "network": ({"host": "host"}, ["", None, 1.5, "a\nb"]),
    "memory": ({"4g": "4g", 1024: "1024", "1.5GiB": "1.5GiB"}, ["4x", "75%", True, []]),
    "memory-swap": ({-1: "-1", "8g": "8g"}, ["-2"]),
    "cpu-period": ({100000: "100000"}, ["1.5", 1.5]),
    "cpu-quota": ({-1: "-1", "50000": "50000"}, ["all"]),
    "cpu-shares": ({512: "512"}, ["many"]),
    "cpuset-cpus": ({"0-3,6": "0-3,6", 0: "0"}, ["0-", "a"]),
    "cpuset-mems": ({"0,1": "0,1"}, [",1"]),
    "cgroup-parent": ({"/docker/buildx": "/docker/buildx"}, [""]),
    "restart-policy": ({"always": "always", "on-failure:3": "on-failure:3"}, ["never", "on-failure:"]),
    "default-load": ({True: "true", "false": "false"}, ["yes"]),
    "provenance-add-gha": ({False: "false"}, [2]),
    "allow-untrusted-image": ({True: "true"}, ["maybe"]),
    "env.HTTP_PROXY": (
        {"http://proxy:3128": "http://proxy:3128", "http://a/b@c": "http://a/b@c", "": ""},
        [None, "a\nb", 1.5, "http://me:pw@proxy", "http://token@proxy"],
    ),
}


def test_every_option_is_tested() -> None:
    assert set(VALUES) == {*DRIVER_OPTS, "env.HTTP_PROXY"}


@pytest.mark.parametrize("key", VALUES)
def test_each_option_takes_its_values_as_strings_and_refuses_others(key: str) -> None:
    good, bad = VALUES[key]
    for value, text in good.items():
        findings = Findings()
        assert normalise({key: value}, "o", findings) == {key: text}
        assert findings.problems == []
    for value in bad:
        findings = Findings()
        assert normalise({key: value}, "o", findings) == {}
        assert [problem.variable for problem in findings.problems] == [f"o.{key}"], value


@pytest.mark.parametrize(
    ("key", "told"),
    [
        pytest.param("memroy", "o.memroy: is no option of the docker-container driver. Did you mean mem", id="typo"),
        pytest.param("image", "Use `image` of the instance", id="image"),
        pytest.param("env.", "is no option", id="env without a name"),
        pytest.param("env.A=B", "is no option", id="env with the value in its name"),
        pytest.param("env.A B", "is no option", id="env with a space"),
        pytest.param("namespace", "is no option", id="of the kubernetes driver"),
        pytest.param(5, "is no option", id="a number"),
    ],
)
def test_unknown_options(key: object, told: str) -> None:
    findings = Findings()
    normalise({key: "x"}, "o", findings)
    assert len(findings.problems) == 1
    assert told in str(findings.problems[0])


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("http://me:s3cret@proxy:3128", id="user and password"),
        pytest.param("http://s3cret@proxy", id="a token"),
        pytest.param("a,http://me:s3cret@b,c", id="among others"),
    ],
)
def test_credentials_have_a_better_place_and_are_not_shown(value: str) -> None:
    findings = Findings()
    assert normalise({"env.https_proxy": value}, "o", findings) == {}
    assert [str(problem) for problem in findings.problems] == [
        "o.env.https_proxy: holds a user name or password. Use builder_proxy, which keeps them secret."
    ]
