# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd shows of daemon.json, and what of it is the same in another form."""

from __future__ import annotations

import ipaddress
import random
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.shown import (
    KEYS,
    difference,
    runs_with,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.daemon.notations import (
    INSECURE,
    MIRRORS,
    NOTATIONS,
    POOL,
    POOLS,
    A,
    B,
    Notation,
    info,
    other,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        *(pytest.param(each.key, each.value, info(**each.shown), id=f"{each.key}: {each.told}") for each in NOTATIONS),
        pytest.param("data-root", "/var/lib/docker/", info(), id="a folder with a slash"),
        pytest.param("data-root", "", info(), id="the default folder"),
        pytest.param("data-root", "srv/d", info(DockerRootDir="srv/d"), id="a folder below dockerd's own, which is /"),
        pytest.param(
            "data-root",
            "/srv/d",
            info(DockerRootDir="/srv/d/165536.165536", SecurityOptions=["name=userns"]),
            id="the folder of userns-remap",
        ),
        pytest.param("mtu", 1400, info(), id="what nothing shows"),
        pytest.param("labels", None, info(Labels=["a=b"]), id="what is not asked for"),
        pytest.param("labels", 3, info(), id="what dockerd would not take"),
    ],
)
def test_the_same_in_another_form(key: str, value: t.Any, shown: dict[str, t.Any]) -> None:
    assert difference(key, value, shown) is None


@pytest.mark.parametrize("notation", NOTATIONS, ids=lambda each: f"{each.key}: {each.told}")
def test_another_value_of_the_key_is_another_meaning(notation: Notation) -> None:
    assert difference(notation.key, other(notation), info(**notation.shown)) is not None


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        pytest.param("labels", ["a=b"], info(Labels=["a=c"]), id="another label"),
        pytest.param("labels", [], info(Labels=["a=b"]), id="a label too much"),
        pytest.param(MIRRORS, ["https://b", "https://a"], info(Mirrors=[A, B]), id="order"),
        pytest.param(INSECURE, ["10.0.0.0/8"], info(networks=["10.0.0.0/16"]), id="another network"),
        pytest.param(INSECURE, ["a"], info(), id="one that is missing"),
        pytest.param(POOLS, [POOL], info(), id="no pool"),
        pytest.param("proxies", {"https-proxy": "http://p:1"}, info(HttpsProxy="http://p:2"), id="another port"),
        pytest.param("debug", True, info(), id="not yes"),
        pytest.param("data-root", "/srv/d", info(), id="another folder"),
        pytest.param(
            "data-root", "/srv/d", info(DockerRootDir="/srv/d/1.1"), id="a folder that looks like userns-remap's"
        ),
        pytest.param("log-driver", "local", info(), id="another driver"),
    ],
)
def test_another_meaning(key: str, value: t.Any, shown: dict[str, t.Any]) -> None:
    assert difference(key, value, shown) is not None
    assert not runs_with(key, value, shown)


@pytest.mark.parametrize(
    ("key", "value", "runs"),
    [
        pytest.param("log-driver", "json-file", True, id="it is the default"),
        pytest.param("log-driver", "local", False, id="it is not"),
        pytest.param("log-opts", {"max-size": "1m"}, False, id="nothing tells"),
        pytest.param("proxies", {}, False, id="its own environment counts, too"),
        pytest.param("log-driver", None, False, id="nothing is asked for"),
        pytest.param("data-root", None, True, id="the folder without the key"),
    ],
)
def test_what_dockerd_runs_with_already(key: str, value: t.Any, runs: bool) -> None:
    assert runs_with(key, value, info()) is runs


def test_each_key_is_in_the_tables() -> None:
    assert {each.key for each in NOTATIONS} | {"data-root"} == set(KEYS)


def test_a_link_to_the_folder_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "link").symlink_to("docker")
    assert difference("data-root", "/link", info(DockerRootDir="/docker")) is None


LABEL = st.builds("{}={}".format, st.sampled_from("abcdef"), st.just("x"))


@given(st.lists(LABEL), st.randoms())
def test_labels_in_any_order(labels: list[str], order: random.Random) -> None:
    shown = list(dict.fromkeys(labels))
    order.shuffle(shown)
    assert difference("labels", labels, info(Labels=shown)) is None


@given(st.lists(st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), max_size=5))
def test_networks_however_they_are_written(networks: list[tuple[t.Any, int]]) -> None:
    written = [f"{address}/{length}" for address, length in networks]
    masked = [str(ipaddress.ip_network(each, strict=False)) for each in written]
    assert difference("insecure-registries", written, info(networks=masked)) is None
