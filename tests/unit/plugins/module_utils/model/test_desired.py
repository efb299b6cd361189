# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as frozen data."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Inherited,
    Instance,
    Node,
    Registry,
    disruption_of,
    inherited_of,
    instances_of,
    networks_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy


def test_a_full_registry() -> None:
    row = {
        "host": "a.example:5000",
        "mirrors": ["b.example", "c.example"],
        "ca": "CA",
        "client_cert": "cert",
        "client_key": "key",
        "insecure": True,
        "http": True,
        "username": "u",
        "password": "p",
        "hosts_toml": "# made\n",
    }
    (found,) = registries_of({"registries": [row]})
    assert found == Registry(
        "a.example:5000", ("b.example", "c.example"), "CA", "cert", "key", True, True, "u", "p", "# made\n"
    )


def test_what_ansible_fills_in_and_what_is_not_ours_is_left_out() -> None:
    row = {"host": "a.example", "mirrors": None, "ca": None, "added_by_a_later_version": 1}
    assert registries_of({"registries": [row]}) == (Registry("a.example"),)


def test_networks_are_no_registries() -> None:
    rows = [{"host": "10.0.0.0/8", "insecure": True}, {"host": "a.example"}, {"host": "fd00::/8", "http": True}]
    params = {"registries": rows}
    assert registries_of(params) == (Registry("a.example"),)
    assert networks_of(params) == ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("row", "instance"),
    [
        pytest.param(
            {"name": "b", "driver": "docker-container", "image": "i"},
            Instance("b", "docker-container", "i", {}, (), False, "", {}),
            id="the least",
        ),
        pytest.param(
            {
                "name": "b",
                "driver": "docker-container",
                "image": "i",
                "driver_opts": {"cpu-quota": 50000, "default-load": "true"},
                "flags": ["--debug"],
                "default": True,
                "config": "debug = true\n",
                "certificates": {"a/ca.crt": "CA"},
            },
            Instance(
                "b",
                "docker-container",
                "i",
                {"cpu-quota": "50000", "default-load": "true"},
                ("--debug",),
                True,
                "debug = true\n",
                {"a/ca.crt": "CA"},
            ),
            id="all, with numbers as the text that buildx stores",
        ),
        pytest.param(
            {"name": "b", "driver": "d", "image": "i", "driver_opts": None, "flags": None, "config": None},
            Instance("b", "d", "i", {}, (), False, "", {}),
            id="null",
        ),
    ],
)
def test_instances(row: dict[str, object], instance: Instance) -> None:
    assert instances_of({"instances": [row]}) == (instance,)


def test_certificates_of_registries_come_from_their_entries() -> None:
    row = {
        **{"name": "b", "driver": "d", "image": "i"},
        "registry_files": {"a.b_1/ca.crt": ["a.b:1", "ca"], "a.b_1/client.key": ["a.b:1", "client_key"]},
        "certificates": {"c.d/ca.crt": "theirs"},
    }
    registries = [{"host": "a.b:1", "ca": "CA", "client_key": "KEY"}, {"host": "10.0.0.0/8"}]
    (found,) = instances_of({"instances": [row], "registries": registries})
    assert found.certificates == {"a.b_1/ca.crt": "CA", "a.b_1/client.key": "KEY", "c.d/ca.crt": "theirs"}


ROW = {"name": "b", "driver": "docker-container", "image": "i"}
EMPTY = {"host": None, "context": None, "user": None, "ca": None, "client_cert": None, "client_key": None}


@pytest.mark.parametrize(
    ("rows", "nodes"),
    [
        pytest.param([], (Node("b0"),), id="none: this host, by the name that buildx gives"),
        pytest.param(None, (Node("b0"),), id="null is none"),
        pytest.param([{"name": "b-a", "endpoint": ""}], (Node("b-a"),), id="this host, by another name"),
        pytest.param(
            [{"name": "b-a", "endpoint": "ssh://ci@a", **EMPTY, "platforms": None, "driver_opts": None}],
            (Node("b-a", "ssh://ci@a"),),
            id="what Ansible fills in",
        ),
        pytest.param(
            [
                {
                    "name": "b-a",
                    "endpoint": "ssh://ci@a",
                    "platforms": ["linux/arm64", "linux/arm/v7"],
                    "driver_opts": {"cpu-quota": 50000, "env.A": ""},
                    "host": "a",
                    "user": "ci",
                    "added_by_a_later_version": 1,
                },
                {"name": "b-b", "endpoint": "arm-farm"},
            ],
            (
                Node("b-a", "ssh://ci@a", ("linux/arm64", "linux/arm/v7"), {"cpu-quota": "50000", "env.A": ""}),
                Node("b-b", "arm-farm"),
            ),
            id="two, with numbers as the text that buildx stores",
        ),
        pytest.param(
            [{"name": "r", "endpoint": "tcp://r:1", "ca": "CA", "client_cert": "cert", "client_key": "key"}],
            (Node("r", "tcp://r:1", ca="CA", client_cert="cert", client_key="key"),),
            id="with certificates",
        ),
    ],
)
def test_nodes(rows: list[dict[str, object]] | None, nodes: tuple[Node, ...]) -> None:
    (found,) = instances_of({"instances": [{**ROW, "nodes": rows}]})
    assert found.nodes == nodes


@pytest.mark.parametrize(
    ("node", "local"),
    [
        pytest.param(Node("a"), True, id="no endpoint"),
        pytest.param(Node("a", "ssh://localhost"), False, id="ssh, even to this host"),
        pytest.param(Node("a", "arm-farm"), False, id="a context"),
    ],
)
def test_which_node_is_this_host(node: Node, local: bool) -> None:
    assert node.local is local


def test_the_proxy_is_for_the_containers_of_all_nodes() -> None:
    """As options of the instance: a node's own have the last word, see buildx/test_client.py."""
    row = {**ROW, "nodes": [{"name": "a", "endpoint": "", "driver_opts": {"env.NO_PROXY": "a"}}]}
    (found,) = instances_of({"instances": [row], "proxy": {"https": "http://p"}})
    assert found.driver_opts == {"env.HTTPS_PROXY": "http://p"}
    assert found.nodes == (Node("a", driver_opts={"env.NO_PROXY": "a"}),)


@pytest.mark.parametrize(
    ("params", "proxy"),
    [
        pytest.param({}, Proxy(), id="a module without the option"),
        pytest.param({"proxy": None}, Proxy(), id="null"),
        pytest.param({"proxy": {}}, Proxy(), id="none"),
        pytest.param(
            {"proxy": {"http": None, "https": "http://p", "no_proxy": None, "username": None, "password": None}},
            Proxy(https="http://p"),
            id="what Ansible fills in",
        ),
        pytest.param(
            {
                "proxy": {
                    "http": "http://p",
                    "https": "http://q",
                    "no_proxy": ["a", ".b"],
                    "username": "u",
                    "password": "pw",
                    "added_by_a_later_version": 1,
                }
            },
            Proxy("http://p", "http://q", ("a", ".b"), "u", "pw"),
            id="all",
        ),
    ],
)
def test_proxy(params: dict[str, object], proxy: Proxy) -> None:
    assert proxy_of(params) == proxy


@pytest.mark.parametrize(
    ("proxy", "options", "then"),
    [
        pytest.param({}, {"memory": "1g"}, {"memory": "1g"}, id="no proxy"),
        pytest.param(
            {"https": "http://p:3128", "no_proxy": ["a", "b"], "username": "u", "password": "p@ss"},
            {"memory": "1g"},
            {"env.HTTPS_PROXY": "http://u:p%40ss@p:3128", "env.NO_PROXY": "a,b", "memory": "1g"},
            id="the environment of the builder's container",
        ),
        pytest.param(
            {"http": "http://p", "https": "http://p"},
            {"env.HTTPS_PROXY": "http://q"},
            {"env.HTTP_PROXY": "http://p", "env.HTTPS_PROXY": "http://q"},
            id="an option of the instance has the last word",
        ),
    ],
)
def test_the_proxy_of_instances(proxy: dict[str, object], options: dict[str, str], then: dict[str, str]) -> None:
    rows = [{"name": name, "driver": "d", "image": "i", "driver_opts": options} for name in ("a", "b")]
    assert [each.driver_opts for each in instances_of({"instances": rows, "proxy": proxy})] == [then, then]


def test_disruption() -> None:
    assert disruption_of({"disruption": "never", "drain_timeout": 5}) == Disruption("never", 5)


CERTIFIED = {"users": ["root", "ci"], "registries": [{"host": "a", "ca": "CA", "client_key": "key"}]}
FILES = {"a/ca.crt": ["a", "ca"], "a/client.key": ["a", "client_key"]}


@pytest.mark.parametrize(
    ("given", "inherited"),
    [
        pytest.param({}, Inherited(), id="nothing said"),
        pytest.param({"inherit": {"enabled": False, "config": "x", "registry_files": FILES}}, Inherited(), id="off"),
        pytest.param(
            {"inherit": {"enabled": True, "users": None, "takeover": True, "config": "x", "registry_files": FILES}},
            Inherited(("root", "ci"), "x", {"a/ca.crt": "CA", "a/client.key": "key"}, takeover=True),
            id="for all users",
        ),
        pytest.param({"inherit": {"enabled": True, "users": []}}, Inherited(), id="for nobody"),
        pytest.param(
            {"inherit": {"enabled": True, "users": ["ci"]}, "proxy": {"https": "http://p:3128"}},
            Inherited(("ci",), proxied=True),
            id="for one, behind a proxy",
        ),
    ],
)
def test_what_builders_inherit(given: dict[str, object], inherited: Inherited) -> None:
    assert inherited_of({**CERTIFIED, **given}) == inherited
