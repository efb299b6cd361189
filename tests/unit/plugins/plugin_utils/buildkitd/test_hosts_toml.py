# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hosts.toml, rendered: read back with tomllib. The format is that of containerd, docs/hosts.md."""

from __future__ import annotations

import tomllib
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.hosts_toml import render

Entry = dict[str, t.Any]
CERTS = "/etc/docker/certs.d"
PULL = {"capabilities": ["pull", "resolve"]}
HARBOR = "harbor.example.com:8443"


def parsed(*registries: Entry) -> dict[str, t.Any]:
    return {host: tomllib.loads(text) for host, text in render(registries).items()}


@pytest.mark.parametrize(
    ("registries", "hosts"),
    [
        pytest.param([], [], id="none"),
        pytest.param([{"host": "a.example", "ca": "CA"}], [], id="no mirrors: the certificates beside it are enough"),
        pytest.param([{"host": "a.example", "mirrors": []}], [], id="an empty list"),
        pytest.param([{"host": "docker.io", "mirrors": ["m.example"]}], [], id="docker.io: daemon.json names it"),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example", HARBOR + "/hub"]}], ["docker.io"], id="docker.io, a path"
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example"]}, {"host": "m.example", "username": "u", "ca": ""}],
            [],
            id="docker.io, a mirror without certificates: daemon.json is enough",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example"]}, {"host": "m.example", "insecure": True}],
            ["docker.io"],
            id="docker.io, a mirror that is not verified: dockerd would not verify docker.io either",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example"]}, {"host": "m.example", "http": True}],
            ["docker.io"],
            id="docker.io, a mirror without TLS: the same",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["a.example", "m.example"]}, {"host": "m.example", "ca": "CA"}],
            ["docker.io"],
            id="docker.io, a mirror with a CA: dockerd would look for it under docker.io",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example"]}, {"host": "m.example", "client_cert": "CERT"}],
            ["docker.io"],
            id="docker.io, a mirror with a client's pair",
        ),
        pytest.param(
            [{"host": "docker.io", "mirrors": ["m.example"]}, {"host": "m.example:5000", "ca": "CA"}],
            [],
            id="docker.io, a CA of another port",
        ),
        pytest.param([{"host": "quay.example", "mirrors": ["m.example"]}], ["quay.example"], id="another registry"),
        pytest.param(
            [
                {"host": "quay.example", "mirrors": ["m.example/quay"]},
                {"host": "m.example", "ca": "CA", "mirrors": []},
                {"host": "a.example:5000", "mirrors": ["m.example"]},
            ],
            ["quay.example", "a.example:5000"],
            id="each that has some",
        ),
    ],
)
def test_which_registries_need_the_file(registries: list[Entry], hosts: list[str]) -> None:
    assert list(render(registries)) == hosts


@pytest.mark.parametrize(
    ("registry", "content"),
    [
        pytest.param(
            {"host": "quay.example", "mirrors": ["m.example"]},
            {"server": "https://quay.example", "host": {"https://m.example": PULL}},
            id="a mirror of the same paths",
        ),
        pytest.param(
            {"host": "quay.example", "mirrors": [f"{HARBOR}/quay/all"]},
            {
                "server": "https://quay.example",
                "host": {f"https://{HARBOR}/v2/quay/all": {**PULL, "override_path": True}},
            },
            id="a mirror with a path, which is Harbor's",
        ),
        pytest.param(
            {"host": "docker.io", "mirrors": [f"{HARBOR}/hub", "m.example"]},
            {"host": {f"https://{HARBOR}/v2/hub": {**PULL, "override_path": True}, "https://m.example": PULL}},
            id="docker.io has no server: its address is another, and dockerd knows it",
        ),
        pytest.param(
            {"host": "a.example:5000", "http": True, "mirrors": ["m.example"]},
            {"server": "http://a.example:5000", "host": {"https://m.example": PULL}},
            id="a registry without TLS",
        ),
        pytest.param(
            {"host": "[2001:db8::1]:5000", "mirrors": ["[2001:db8::2]:5000/a"]},
            {
                "server": "https://[2001:db8::1]:5000",
                "host": {"https://[2001:db8::2]:5000/v2/a": {**PULL, "override_path": True}},
            },
            id="IPv6",
        ),
        pytest.param(
            {"host": "a.example", "mirrors": ["m.example"], "username": "u", "password": "s3cret"},
            {"server": "https://a.example", "host": {"https://m.example": PULL}},
            id="no login: that is the user's",
        ),
    ],
)
def test_the_content(registry: Entry, content: dict[str, t.Any]) -> None:
    assert parsed(registry) == {registry["host"]: content}


def files(host: str, *names: str) -> list[str]:
    return [f"{CERTS}/{host}/{name}" for name in names]


# (an entry's keys, what hosts.toml says of it, its scheme); the certificates beside hosts.toml count no more
TLS = [
    pytest.param({}, {}, "https", id="the system's store"),
    pytest.param({"ca": "CA"}, {"ca": files("t.example", "ca.crt")}, "https", id="CA"),
    pytest.param(
        {"client_cert": "CERT", "client_key": "KEY"},
        {"client": [files("t.example", "client.cert", "client.key")]},
        "https",
        id="client's pair",
    ),
    pytest.param({"insecure": True}, {"skip_verify": True}, "https", id="insecure"),
    pytest.param({"http": True}, {}, "http", id="http"),
    pytest.param(
        {"ca": "CA", "client_cert": "CERT", "client_key": "KEY", "insecure": True, "http": False},
        {
            "ca": files("t.example", "ca.crt"),
            "client": [files("t.example", "client.cert", "client.key")],
            "skip_verify": True,
        },
        "https",
        id="all",
    ),
]


@pytest.mark.parametrize(("keys", "told", "scheme"), TLS)
def test_tls_of_the_registry_itself(keys: Entry, told: dict[str, t.Any], scheme: str) -> None:
    registry = {"host": "t.example", "mirrors": ["m.example"], **keys}
    content = {"server": f"{scheme}://t.example", **told, "host": {"https://m.example": PULL}}
    assert parsed(registry) == {"t.example": content}


def test_tls_of_docker_hub_counts_without_a_server() -> None:
    """What stands between a host and docker.io may have a CA of its own."""
    assert parsed({"host": "docker.io", "mirrors": ["m.example/hub"], "ca": "CA"})["docker.io"] == {
        "ca": files("docker.io", "ca.crt"),
        "host": {"https://m.example/v2/hub": {**PULL, "override_path": True}},
    }


@pytest.mark.parametrize(("keys", "told", "scheme"), TLS)
@pytest.mark.parametrize(
    ("path", "url", "override"),
    [
        pytest.param("", "", {}, id="no path"),
        pytest.param("/quay", "/v2/quay", {"override_path": True}, id="path"),
    ],
)
def test_tls_of_a_mirror_is_that_of_its_own_entry(
    keys: Entry, told: dict[str, t.Any], scheme: str, path: str, url: str, override: dict[str, bool]
) -> None:
    registry = {"host": "quay.example", "mirrors": [f"t.example{path}", "m.example"]}
    content = parsed(registry, {"host": "t.example", "mirrors": [], **keys})["quay.example"]
    assert content == {
        "server": "https://quay.example",
        "host": {f"{scheme}://t.example{url}": {**PULL, **override, **told}, "https://m.example": PULL},
    }


@pytest.mark.parametrize(
    "mirrors",
    [
        pytest.param(["a.example", "b.example/x", "c.example"], id="up"),
        pytest.param(["c.example", "b.example/x", "a.example"], id="down"),
        pytest.param(["b.example/y", "b.example/x", "b.example"], id="of one host"),
    ],
)
def test_mirrors_are_asked_in_their_order(mirrors: list[str]) -> None:
    (content,) = parsed({"host": "quay.example", "mirrors": mirrors}).values()
    assert [url.removeprefix("https://").replace("/v2/", "/") for url in content["host"]] == mirrors


def test_the_port_is_part_of_a_name() -> None:
    table: list[Entry] = [
        {"host": "quay.example", "mirrors": ["m.example:5000"]},
        {"host": "m.example", "insecure": True},
        {"host": "m.example:5000", "ca": "CA"},
    ]
    section = parsed(*table)["quay.example"]["host"]["https://m.example:5000"]
    assert section == {**PULL, "ca": files("m.example:5000", "ca.crt")}


def test_the_text_is_for_people() -> None:
    registries: list[Entry] = [
        {"host": "quay.example", "mirrors": [f"{HARBOR}/quay"], "ca": "CA"},
        {"host": HARBOR, "client_cert": "CERT", "client_key": "KEY"},
    ]
    assert render(registries)["quay.example"] == (
        "# Managed by Ansible, collection multiarch.builders.\n"
        "# Made from builder_registries: change it there.\n"
        "\n"
        'server = "https://quay.example"\n'
        f'ca = ["{CERTS}/quay.example/ca.crt"]\n'
        "\n"
        f'[host."https://{HARBOR}/v2/quay"]\n'
        'capabilities = ["pull", "resolve"]\n'
        "override_path = true\n"
        f'client = [["{CERTS}/{HARBOR}/client.cert", "{CERTS}/{HARBOR}/client.key"]]\n'
    )
