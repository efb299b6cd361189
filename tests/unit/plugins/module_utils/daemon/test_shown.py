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
from ansible_collections.multiarch.builders.plugins.module_utils.daemon.shown import KEYS, difference, runs_with
from hypothesis import given
from hypothesis import strategies as st


def info(**shown: t.Any) -> dict[str, t.Any]:
    """As dockerd with an empty daemon.json answers, and *shown*; recorded with 26.1.5, 28.5.2 and 29.7.2."""
    config = {
        "IndexConfigs": {"docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True}},
        "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
        "Mirrors": shown.pop("Mirrors", None),
    }
    config["InsecureRegistryCIDRs"] += shown.pop("networks", [])
    config["IndexConfigs"].update({name: {"Name": name, "Secure": False} for name in shown.pop("insecure", [])})
    plain = {
        "Labels": [],
        "Debug": False,
        "LiveRestoreEnabled": False,
        "ExperimentalBuild": False,
        "DefaultRuntime": "runc",
        "LoggingDriver": "json-file",
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
    }
    return {**plain, "RegistryConfig": config, **shown}


POOL = {"base": "10.10.0.0/16", "size": 24}
A, B = "https://a/", "https://b/"
MIRRORS, INSECURE, POOLS = "registry-mirrors", "insecure-registries", "default-address-pools"


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        pytest.param("labels", ["env=prod", "region=eu"], info(Labels=["region=eu", "env=prod"]), id="any order"),
        pytest.param("labels", ["a=b", "a=b", "alone"], info(Labels=["a=b"]), id="twice, and one without a value"),
        pytest.param("labels", ["a=", "b=c=d"], info(Labels=["b=c=d", "a="]), id="empty, and more than one sign"),
        pytest.param("labels", [], info(Labels=None), id="none"),
        pytest.param(MIRRORS, ["https://a", "https://b/"], info(Mirrors=[A, B]), id="slash"),
        pytest.param(MIRRORS, ["https://a", "https://a/"], info(Mirrors=[A]), id="a mirror twice"),
        pytest.param(MIRRORS, ["https://a//"], info(Mirrors=["https://a//"]), id="one slash of two"),
        pytest.param(MIRRORS, [], info(Mirrors=None), id="no mirror"),
        pytest.param(INSECURE, ["192.168.1.10/24"], info(networks=["192.168.1.0/24"]), id="bits of a host"),
        pytest.param(INSECURE, ["fd00::1/64"], info(networks=["fd00::/64"]), id="the same of IPv6"),
        pytest.param(INSECURE, ["HTTP://a:5000", "b"], info(insecure=["a:5000", "b"]), id="a scheme"),
        pytest.param(INSECURE, ["b", "b"], info(insecure=["b", "of-others"]), id="twice, and others"),
        pytest.param(INSECURE, ["docker.io"], info(), id="Docker Hub is never insecure"),
        pytest.param(INSECURE, ["127.0.0.1/8", "::1/128"], info(), id="what is so by itself"),
        pytest.param(POOLS, [POOL], info(DefaultAddressPools=[{"Base": "10.10.0.0/16", "Size": 24}]), id="pool"),
        pytest.param(
            POOLS,
            [{"Base": "10.10.1.0/16", "Size": 24}],
            info(DefaultAddressPools=[{"Base": "10.10.1.0/16", "Size": 24}]),
            id="a pool with bits of a host, in capitals",
        ),
        pytest.param(
            "proxies",
            {"http-proxy": "http://me:word@Proxy:3128", "no-proxy": "a,b"},
            info(HttpProxy="http://xxxxx:xxxxx@proxy:3128", NoProxy="a,b"),
            id="credentials are masked",
        ),
        pytest.param("debug", True, info(Debug=True), id="yes"),
        pytest.param("live-restore", False, info(), id="no"),
        pytest.param("default-runtime", "", info(), id="the default runtime"),
        pytest.param("log-driver", "json-file", info(), id="the default log driver, said"),
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


def test_each_key_is_in_a_case_of_both_tables() -> None:
    marks = (test_the_same_in_another_form, test_another_meaning)
    same, other = ({case.values[0] for case in each.pytestmark[0].args[1]} for each in marks)  # type: ignore[attr-defined]
    assert set(KEYS) <= same | {"experimental"}
    assert other <= set(KEYS)


def test_a_link_to_the_folder_is_the_folder(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "docker")
    assert difference("data-root", str(tmp_path / "link"), info(DockerRootDir=str(tmp_path / "docker"))) is None


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
