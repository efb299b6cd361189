# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a builder, from the words of the inventory to those of buildx."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Context, Inventory, normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

Node = dict[str, t.Any]

CA = make("CA")
CLIENT = make("client", issuer=CA, ca=None, sign=None)
OTHER = make("other", issuer=CA, ca=None, sign=None)
SOON = make("soon", end=3)
FILES = {
    "files/ca.pem": CA.pem.encode(),
    "files/cert.pem": CLIENT.pem.encode(),
    "files/key.pem": CLIENT.key_bytes(),
}
HOSTS: dict[str, dict[str, object]] = {
    "scheduler": {"ansible_host": "198.51.100.11"},
    "arm-1": {},
    "arm-2.example.com": {"ansible_host": "198.51.100.32", "ansible_user": "ops", "ansible_port": 22},
    "arm-3": {"ansible_host": "198.51.100.33", "ansible_port": 2222},
    "arm-4": {"ansible_host": "2001:db8::34", "ansible_user": "ops", "ansible_port": "2222"},
    "arm-5": {"ansible_host": None, "ansible_user": None, "ansible_port": None},
    "odd-1": {"ansible_host": "198.51.100.36 # old"},
    "odd-2": {"ansible_host": "odd", "ansible_port": "ssh"},
    "odd-3": {"ansible_host": "odd", "ansible_user": "me:pw"},
    "arm-6": {"ansible_host": "arm-6.example.com", "ansible_port": "22"},
}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


def run(*nodes: Node, driver: str = "docker-container") -> tuple[list[Node], list[str], list[str]]:
    """(what becomes of the nodes, problems, warnings)."""
    findings = Findings()
    context = Context("multiarch", driver, Inventory("scheduler", HOSTS.get), read_file, NOW)
    found = normalise(nodes, "n", context, findings)
    return found, [str(problem) for problem in findings.problems], findings.warnings


def made(node: Node, driver: str = "docker-container") -> Node:
    """What becomes of one node that has no fault."""
    (found,), problems, warnings = run(node, driver=driver)
    assert (problems, warnings) == ([], [])
    return found


@pytest.mark.parametrize(
    ("node", "endpoint"),
    [
        pytest.param({"host": "scheduler"}, "", id="this host: no ssh"),
        pytest.param({"host": "scheduler", "user": "ci"}, "", id="this host: nobody logs in"),
        pytest.param({"host": "arm-1"}, "ssh://arm-1", id="its name, without variables"),
        pytest.param({"host": "arm-5"}, "ssh://arm-5", id="its name, with empty ones"),
        pytest.param({"host": "arm-2.example.com"}, "ssh://ops@198.51.100.32", id="address and user; 22 is no port"),
        pytest.param({"host": "arm-2.example.com", "user": "ci"}, "ssh://ci@198.51.100.32", id="another user"),
        pytest.param({"host": "arm-3"}, "ssh://198.51.100.33:2222", id="a port"),
        pytest.param({"host": "arm-4"}, "ssh://ops@[2001:db8::34]:2222", id="IPv6, the port as text"),
        pytest.param({"host": "arm-6"}, "ssh://arm-6.example.com", id="a name, 22 as text"),
    ],
)
def test_a_host_of_the_inventory_is_reached_as_ansible_reaches_it(node: Node, endpoint: str) -> None:
    assert made(node) == {
        "name": f"multiarch-{node['host']}",
        "endpoint": endpoint,
        "platforms": [],
        "driver_opts": {},
    }


@pytest.mark.parametrize(
    ("node", "endpoint", "name"),
    [
        pytest.param({"endpoint": "ssh://arm"}, "ssh://arm", "arm", id="ssh"),
        pytest.param({"endpoint": "ssh://ci@arm.b:22"}, "ssh://ci@arm.b:22", "arm.b", id="ssh, user and port"),
        pytest.param({"endpoint": "ssh://[2001:db8::34]"}, "ssh://[2001:db8::34]", "2001-db8-34", id="ssh, IPv6"),
        pytest.param({"endpoint": "ssh://arm/x.sock"}, "ssh://arm/x.sock", "arm", id="ssh, another socket there"),
        pytest.param(
            {"endpoint": "unix:///run/user/9/x.sock"}, "unix:///run/user/9/x.sock", "run-user-9-x.sock", id="socket"
        ),
        pytest.param({"endpoint": "unix:///var/run/docker.sock"}, "", "scheduler", id="this host's socket"),
        pytest.param({"context": "arm farm"}, "arm farm", "arm-farm", id="a context"),
        pytest.param({"context": "default"}, "", "scheduler", id="this host's context"),
    ],
)
def test_other_places(node: Node, endpoint: str, name: str) -> None:
    """docker/cli, cli/connhelper and opts/hosts.go"""
    found = made(node)
    assert (found["endpoint"], found["name"]) == (endpoint, f"multiarch-{name}")


def test_tcp_is_open_to_everybody() -> None:
    (found,), problems, warnings = run({"endpoint": "tcp://arm:2375"})
    assert (found["endpoint"], found["name"], problems) == ("tcp://arm:2375", "multiarch-arm", [])
    assert warnings == ["n[0].endpoint: without TLS everyone on the network is root there; use a `context`"]


@pytest.mark.parametrize(
    ("node", "name"),
    [
        pytest.param({"host": "arm-1", "name": "Arm.1_b-c"}, "Arm.1_b-c", id="as given"),
        pytest.param({"host": "arm-1", "name": ""}, "multiarch-arm-1", id="empty: as if none was given"),
        pytest.param({"host": "arm-2.example.com"}, "multiarch-arm-2.example.com", id="the builder's and the host's"),
    ],
)
def test_names(node: Node, name: str) -> None:
    assert made(node)["name"] == name


@pytest.mark.parametrize(
    ("platforms", "found"),
    [
        pytest.param(["arm64"], ["linux/arm64"], id="in one form"),
        pytest.param(["aarch64", "linux/arm64/v8", "arm64"], ["linux/arm64"], id="each once"),
        pytest.param(["s390x", "arm/v7", "armv7l"], ["linux/s390x", "linux/arm/v7"], id="in their order"),
        pytest.param([None, "arm64"], ["linux/arm64"], id="without what was of the wrong type"),
    ],
)
def test_platforms(platforms: list[str | None], found: list[str]) -> None:
    assert made({"host": "arm-1", "platforms": platforms})["platforms"] == found


def test_options_of_a_node() -> None:
    assert made({"host": "arm-1", "driver_opts": {"cpu-shares": 512}})["driver_opts"] == {"cpu-shares": "512"}


BARE: Node = {"platforms": [], "driver_opts": {}}  # an entry without anything, as `option_types` completes it
SPLIT = "Remove one of them."


def test_an_entry_of_the_wrong_type_was_told_already() -> None:
    for driver in ("docker-container", "remote", "kubernetes"):
        _found, problems, _warnings = run({}, {}, driver=driver)
        assert problems == []


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        pytest.param(
            [{"host": "arm-9"}],
            [
                "n[0].host = 'arm-9': is not a host of the inventory. Write the name of a host in the inventory, or "
                "set `endpoint: ssh://user@host`."
            ],
            id="an unknown host",
        ),
        pytest.param(
            [{"host": "arm-8", "name": "a"}, {"host": "arm-9", "name": "b"}],
            [
                "n[0].host = 'arm-8': is not a host of the inventory.",
                "n[1].host = 'arm-9': is not a host of the inventory.",
            ],
            id="two unknown hosts are not the same machine",
        ),
        pytest.param([BARE], ["n[0]: has no machine. Set one of host, endpoint, context."], id="nowhere"),
        pytest.param([{"name": "a"}], ["n[0]: has no machine."], id="a name is no place"),
        pytest.param(
            [{"host": "arm-1", "endpoint": "ssh://arm-1"}],
            ["n[0]: has `host` and `endpoint`. Set one of host, endpoint, context."],
            id="two places",
        ),
        *(
            pytest.param(
                [{"endpoint": text}],
                [
                    f"n[0].endpoint = {shown!r}: is not a valid endpoint for this driver. Write ssh://user@host, "
                    "tcp://host:port or unix:///path."
                ],
                id=name,
            )
            for name, text, shown in (
                ("no scheme", "arm-1", "arm-1"),
                ("another scheme", "http://arm", "http://arm"),
                ("that of another driver", "docker-container://b", "docker-container://b"),
                ("a space", "ssh://arm 1", "ssh://arm 1"),
                ("no host", "ssh://", "ssh://"),
                ("a path only", "ssh:///x.sock", "ssh:///x.sock"),
                ("no path", "unix:///", "unix:///"),
                ("half an IPv6 address", "ssh://[2001:db8::34", "ssh://[2001:db8::34"),
                ("no port", "ssh://arm:ssh", "ssh://arm:ssh"),
                ("port 0", "ssh://arm:0", "ssh://arm:0"),
                ("too high a port", "tcp://arm:65536", "tcp://arm:65536"),
                ("a password, not shown", "ssh://ci:hunter2@arm", "***@arm"),
            )
        ),
        pytest.param(
            [{"endpoint": "ssh://arm", "user": "ci"}],
            ["n[0].user = 'ci': only applies to a `host`. Put it into the endpoint."],
            id="a user beside an endpoint",
        ),
        pytest.param(
            [{"host": "arm-1", "name": "1a"}],
            [
                "n[0].name = '1a': is not a valid node name. Start with a letter, followed by letters, digits, '.', "
                "'_' or '-'."
            ],
            id="a digit first: docker/buildx, store/util.go",
        ),
        pytest.param(
            [{"host": "odd-1"}, {"host": "odd-2"}, {"host": "odd-3"}],
            [
                "n[0].host = 'odd-1': has no valid ssh address: 'ssh://198.51.100.36 # old'. Fix ansible_host,",
                "n[1].host = 'odd-2': has no valid ssh address: 'ssh://odd:ssh'. Fix ansible_host,",
                "n[2].host = 'odd-3': has no valid ssh address: '***@odd'. Fix ansible_host,",
            ],
            id="hosts that the inventory has no usable address for",
        ),
        pytest.param(
            [{"host": "arm-1", "name": "a" * 201}],
            [f"n[0].name = '{'a' * 79}…': is longer than 200 characters."],
            id="too long for a file",
        ),
        pytest.param(
            [{"host": "arm-1", "name": "a b"}], ["n[0].name = 'a b': is not a valid node name."], id="a space"
        ),
        pytest.param(
            [{"host": "arm-1", "name": "a"}, {"host": "arm-3", "name": "A"}],
            [f"n[1] = 'A': is the same name as n[0]. {SPLIT}"],
            id="a name twice: case does not count",
        ),
        pytest.param(
            [{"host": "arm-3", "name": "a"}, {"endpoint": "ssh://198.51.100.33:2222"}],
            [f"n[1] = 'ssh://198.51.100.33:2222': is the same machine as n[0]. {SPLIT}"],
            id="a machine twice: buildx says `invalid duplicate endpoint`",
        ),
        pytest.param(
            [{"host": "scheduler"}, {"context": "default", "name": "b"}],
            [f"n[1] = 'this host': is the same machine as n[0]. {SPLIT}"],
            id="this host twice",
        ),
        pytest.param(
            [{"host": "arm-1"}, {"host": "arm-1"}],
            [
                f"n[1] = 'multiarch-arm-1': is the same name as n[0]. {SPLIT}",
                f"n[1] = 'ssh://arm-1': is the same machine as n[0]. {SPLIT}",
            ],
            id="an entry twice",
        ),
        pytest.param(
            [{"host": "scheduler", "platforms": ["amd64", "386"]}, {"host": "arm-1", "platforms": ["arm64", "i386"]}],
            ["n[1].platforms = 'linux/386': is already a platform of n[0]. Assign it to one of them."],
            id="a platform twice: buildx takes it from the first without a word",
        ),
        pytest.param(
            [{"host": "arm-1", "platforms": ["arm46", "windows/amd64"]}],
            [
                "n[0].platforms[0] = 'arm46': is not a known platform. Did you mean linux/arm64",
                "n[0].platforms[1] = 'windows/amd64': is not a Linux platform. Write linux/ARCHITECTURE.",
            ],
            id="no platforms",
        ),
        pytest.param(
            [{"host": "arm-1", "driver_opts": {"cpus": 1}}],
            ["n[0].driver_opts.cpus: is not an option of the docker-container driver."],
            id="no option",
        ),
        pytest.param(
            [{"host": "arm-1", "ca": CA.pem}],
            ["n[0].ca: is for the driver remote only. Remove it."],
            id="a CA without the driver for it",
        ),
    ],
)
def test_faults_of_nodes(nodes: list[Node], told: list[str]) -> None:
    _found, problems, _warnings = run(*nodes)
    assert [text[: len(line)] for text, line in zip(problems, told, strict=True)] == told


FAR = "tcp://192.0.2.1:1234"
NO_CA = "n[0].ca: is missing, and without it buildx does not use TLS. Set the CA of the buildkitd's certificate."
PLACE = "n[0]: has {}. Set one of endpoint, serve."


@pytest.mark.parametrize(
    ("node", "found"),
    [
        pytest.param({}, {}, id="no TLS"),
        pytest.param({"ca": CA.pem}, {"ca": CA.pem}, id="its CA, as text"),
        pytest.param({"ca": "files/ca.pem"}, {"ca": CA.pem}, id="its CA, as a file"),
        pytest.param(
            {"ca": CA.pem, "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem},
            {"ca": CA.pem, "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem},
            id="mutual TLS, as text",
        ),
        pytest.param(
            {"ca": "files/ca.pem", "client_cert": "files/cert.pem", "client_key": "files/key.pem"},
            {"ca": CA.pem, "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem},
            id="mutual TLS, as files",
        ),
        pytest.param(
            {"ca": CA.pem, "driver_opts": {"servername": "build"}},
            {"ca": CA.pem, "driver_opts": {"servername": "build"}},
            id="another name in its certificate",
        ),
    ],
)
def test_a_buildkitd_elsewhere(node: Node, found: Node) -> None:
    usual = {"name": "multiarch-192.0.2.1", "endpoint": FAR, "platforms": [], "driver_opts": {}}
    assert made({"endpoint": FAR, **node}, driver="remote") == {**usual, **found}


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        pytest.param("tcp://build.example.com:1234", "build.example.com", id="tcp"),
        pytest.param("unix:///run/buildkit/buildkitd.sock", "run-buildkit-buildkitd.sock", id="a socket"),
        pytest.param("unix:///var/run/docker.sock", "var-run-docker.sock", id="a socket with Docker's name is a place"),
        pytest.param("docker-container://My_BuildKit", "my_buildkit", id="a container"),
    ],
)
def test_where_a_buildkitd_may_be(endpoint: str, name: str) -> None:
    """docker/buildx, driver/remote/driver.go"""
    found = made({"endpoint": endpoint}, driver="remote")
    assert (found["endpoint"], found["name"]) == (endpoint, f"multiarch-{name}")


@pytest.mark.parametrize(
    ("node", "told"),
    [
        pytest.param({"host": "arm-1"}, PLACE.format("`host`"), id="a host is no buildkitd"),
        pytest.param({"context": "arm"}, PLACE.format("`context`"), id="nor is a context"),
        pytest.param(BARE, PLACE.format("no machine"), id="nowhere"),
        pytest.param(
            {"endpoint": "ssh://arm"},
            "n[0].endpoint = 'ssh://arm': is not a valid endpoint for this driver. Write tcp://host:port, with its "
            "certificates",
            id="ssh",
        ),
        pytest.param(
            {"endpoint": FAR, "ca": CA.pem, "client_cert": CLIENT.pem},
            "n[0]: has only one of `client_cert` and `client_key`. Set both or neither.",
            id="a certificate without its key",
        ),
        pytest.param(
            {"endpoint": FAR, "ca": CA.pem, "client_key": CLIENT.key_pem},
            "n[0]: has only one of `client_cert` and `client_key`. Set both or neither.",
            id="a key without its certificate",
        ),
        pytest.param(
            {"endpoint": FAR, "client_cert": CLIENT.pem, "client_key": CLIENT.key_pem},
            NO_CA,
            id="no CA: buildx says `tls enabled, but missing keys cacert`",
        ),
        pytest.param({"endpoint": FAR, "driver_opts": {"servername": "build"}}, NO_CA, id="no CA, but a name to check"),
        pytest.param(
            {"endpoint": FAR, "ca": "no.pem"}, "n[0].ca: cannot be read: No such file or directory", id="no file"
        ),
        pytest.param({"endpoint": FAR, "ca": CA.key_pem}, "n[0].ca: contains a private key", id="a key as CA"),
        pytest.param(
            {"endpoint": FAR, "ca": CA.pem, "client_cert": "no.pem", "client_key": CLIENT.key_pem},
            "n[0].client_cert: cannot be read",
            id="no certificate",
        ),
        pytest.param(
            {"endpoint": FAR, "ca": CA.pem, "client_cert": CLIENT.pem, "client_key": OTHER.key_pem},
            "n[0].client_key: ",
            id="the key of another certificate",
        ),
        pytest.param(
            {"endpoint": FAR, "driver_opts": {"cacert": "/x"}},
            "n[0].driver_opts.cacert: is set by another option",
            id="a path",
        ),
    ],
)
def test_faults_of_a_buildkitd_elsewhere(node: Node, told: str) -> None:
    _found, problems, _warnings = run(node, driver="remote")
    assert [text[: len(told)] for text in problems] == [told]
    assert not any(line in problems[0] for line in OTHER.key_pem.splitlines()[1:-1])


def test_a_buildkitd_is_never_this_host() -> None:
    _found, problems, _warnings = run(driver="remote")
    assert problems == [
        "n: is empty, but the driver remote connects to a buildkitd elsewhere. Set `nodes: [{endpoint: "
        "tcp://host:port, ca: …, client_cert: …, client_key: …}]`."
    ]


def test_certificates_that_expire_soon_are_told() -> None:
    soon = make("soon", end=3, ca=None, sign=None)
    node = {"endpoint": FAR, "ca": SOON.pem, "client_cert": soon.pem, "client_key": soon.key_pem}
    (found,), problems, warnings = run(node, driver="remote")
    assert (found["ca"], problems) == (SOON.pem, [])
    assert [text.partition(" on ")[0] for text in warnings] == [
        "n[0].ca: certificate CN=soon expires",
        "n[0].client_cert: certificate CN=soon expires",
    ]


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        pytest.param([], [], id="none: one that buildx names"),
        pytest.param([BARE], [("multiarch-node", "")], id="one, named by us"),
        pytest.param(
            [{"name": "amd", "platforms": ["amd64"]}, {"name": "arm", "platforms": ["arm64"]}],
            [("amd", ""), ("arm", "")],
            id="one for each architecture: the same cluster is no fault",
        ),
    ],
)
def test_nodes_of_kubernetes_are_in_the_users_current_cluster(nodes: list[Node], found: list[tuple[str, str]]) -> None:
    result, problems, warnings = run(*nodes, driver="kubernetes")
    assert ([(each["name"], each["endpoint"]) for each in result], problems, warnings) == (found, [], [])


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        pytest.param(
            [{"host": "arm-1"}],
            "n[0]: has `host`. Remove it: kubectl's current context is used.",
            id="a host",
        ),
        pytest.param([{"context": "prod"}], "n[0]: has `context`. Remove it", id="a context"),
        pytest.param(
            [BARE, BARE], f"n[1] = 'multiarch-node': is the same name as n[0]. {SPLIT}", id="two without names"
        ),
        pytest.param([{"ca": CA.pem}], "n[0].ca: is for the driver remote only. Remove it.", id="a CA"),
    ],
)
def test_faults_of_nodes_of_kubernetes(nodes: list[Node], told: str) -> None:
    _found, problems, _warnings = run(*nodes, driver="kubernetes")
    assert [text[: len(told)] for text in problems] == [told]
