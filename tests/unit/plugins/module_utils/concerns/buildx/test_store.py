# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a builder store, as buildx 0.13.1 and 0.29.1 wrote them, both the same, and broken ones."""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.store import (
    BrokenEntryError,
    StoredBuilder,
    StoredNode,
    parse,
    with_certificates,
    with_driver_opts,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.concerns.buildx.recorded import (
    DATA,
    ENTRY,
    NODE,
    STORED,
    entry,
)


def test_a_recorded_entry() -> None:
    found = parse(ENTRY)
    assert (found.name, found.driver, len(found.nodes)) == ("multiarch", "docker-container", 1)
    node = found.nodes[0]
    assert (node.name, node.endpoint) == ("multiarch0", "unix:///var/run/docker.sock")
    assert list(node.driver_opts) == ["image"]
    assert node.driver_opts["image"].startswith("docker.io/moby/buildkit:")
    assert node.flags == ("--allow-insecure-entitlement=network.host",)
    assert list(node.files) == [
        "buildkitd.toml",
        "certs/harbor.lab.test/ca.crt",
        "certs/mirror.lab.test_5000/ca.crt",
    ]
    assert b'ca = ["/etc/buildkit/certs/harbor.lab.test/ca.crt"]' in node.files["buildkitd.toml"]
    assert node.files["certs/harbor.lab.test/ca.crt"].startswith(b"-----BEGIN CERTIFICATE-----\n")


def test_an_entry_without_files_as_recorded() -> None:
    text = (
        '{"Name":"B1","Driver":"docker-container","Nodes":[{"Name":"b10","Endpoint":"unix:///var/run/docker.sock",'
        '"Platforms":null,"DriverOpts":{"env.no_proxy":"a,b","image":"a/b:v1"},'
        '"Flags":["--debug","--allow-insecure-entitlement=network.host"],"Files":null}],"Dynamic":false}'
    )
    flags = ("--debug", "--allow-insecure-entitlement=network.host")
    node = StoredNode("b10", "unix:///var/run/docker.sock", {"env.no_proxy": "a,b", "image": "a/b:v1"}, flags, {})
    assert parse(text) == StoredBuilder("B1", "docker-container", (node,))


def test_null_is_empty() -> None:
    node = parse(entry(DriverOpts=None, Flags=None, Files=None)).nodes[0]
    assert (node.driver_opts, node.flags, node.files) == ({}, (), {})


def two(**changes: object) -> str:
    """The recorded entry with a second node, which differs in *changes*."""
    found = json.loads(ENTRY)
    found["Nodes"].append({**found["Nodes"][0], "Name": "multiarch1", **changes})
    return json.dumps(found)


def test_several_nodes() -> None:
    assert [node.name for node in parse(two()).nodes] == ["multiarch0", "multiarch1"]


def test_recorded_nodes() -> None:
    """Both versions wrote the same bytes, 0.13.1 on a host with two nodes elsewhere."""
    found = parse((DATA / "nodes.json").read_text())
    assert (found.name, found.driver) == ("multiarch", "docker-container")
    assert [(node.name, node.endpoint, node.platforms) for node in found.nodes] == [
        ("multiarch-spare-9", "ssh://ci@198.51.100.31", ("linux/amd64",)),
        ("multiarch-spare-2", "ssh://ci@198.51.100.24", ("linux/arm64", "linux/s390x")),
    ]
    for node in found.nodes:
        assert (node.driver_opts, node.flags, node.files) == (NODE.driver_opts, NODE.flags, NODE.files)


def test_recorded_nodes_after_a_failed_append() -> None:
    """buildx puts back a copy, in which it forgot all but names and options (store/nodegroup.go, Copy())."""
    found = parse((DATA / "emptied.json").read_text())
    assert [node.name for node in found.nodes] == ["multiarch-spare-9", "multiarch-spare-2"]
    for node in found.nodes:
        assert (node.platforms, node.driver_opts, node.flags) == ((), {"image": "a/b:v1"}, ())
        assert node.files == dict.fromkeys(NODE.files, b"")


def test_a_recorded_entry_of_the_remote_driver() -> None:
    """Of both versions, asked for with `--node R1`."""
    text = (
        '{"Name":"r","Driver":"remote","Nodes":[{"Name":"r1","Endpoint":"tcp://192.0.2.1:1234","Platforms":null,'
        '"DriverOpts":{"cacert":"/x/cacert.pem","cert":"/x/cert.pem","key":"/x/key.pem","servername":"build"},'
        '"Flags":null,"Files":null}],"Dynamic":false}'
    )
    options = {"cacert": "/x/cacert.pem", "cert": "/x/cert.pem", "key": "/x/key.pem", "servername": "build"}
    assert parse(text) == StoredBuilder("r", "remote", (StoredNode("r1", "tcp://192.0.2.1:1234", options, (), {}),))


@pytest.mark.parametrize(
    ("stored", "platforms"),
    [
        # as both versions wrote them for --platform
        pytest.param(None, (), id="null: what BuildKit finds"),
        pytest.param([], (), id="none: another node took them, or an append failed"),
        pytest.param([{"architecture": "amd64", "os": "linux"}], ("linux/amd64",), id="linux/amd64"),
        pytest.param([{"architecture": "386", "os": "linux"}], ("linux/386",), id="linux/386"),
        pytest.param(
            [{"architecture": "amd64", "os": "linux", "variant": "v2"}], ("linux/amd64/v2",), id="linux/amd64/v2"
        ),
        pytest.param([{"architecture": "arm", "os": "linux", "variant": "v7"}], ("linux/arm/v7",), id="linux/arm/v7"),
        pytest.param(
            [{"architecture": "loong64", "os": "linux"}, {"architecture": "arm64", "os": "linux"}],
            ("linux/loong64", "linux/arm64"),
            id="two, in their order",
        ),
        # by hand
        pytest.param([{"architecture": "arm64", "os": "linux", "variant": "v8"}], ("linux/arm64",), id="another name"),
        pytest.param([{"architecture": "wasm", "os": "wasi"}], ("wasi/wasm",), id="one that is known to buildx alone"),
        pytest.param(
            [{"architecture": "amd64", "os": "windows", "os.version": "10.0.17763"}], ("windows/amd64",), id="Windows"
        ),
        pytest.param([{}], ("",), id="an empty one"),
    ],
)
def test_platforms(stored: list[dict[str, str]] | None, platforms: tuple[str, ...]) -> None:
    assert parse(entry(Platforms=stored)).nodes[0].platforms == platforms


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty: a disk was full"),
        pytest.param(ENTRY[:1000], id="cut"),
        pytest.param("null", id="null"),
        pytest.param("[]", id="list"),
        pytest.param("{}", id="no keys"),
        pytest.param('{"Name": "a", "Driver": "b"}', id="no nodes"),
        pytest.param('{"Name": "a", "Driver": "b", "Nodes": null}', id="null for nodes"),
        pytest.param('{"Name": "a", "Driver": "b", "Nodes": [{}]}', id="an empty node"),
        pytest.param('{"Name": "a", "Driver": "b", "Nodes": [null]}', id="null for a node"),
        pytest.param(entry(Files=["buildkitd.toml"]), id="files as a list"),
        pytest.param(entry(Files={"buildkitd.toml": None}), id="null for a file's content"),
        pytest.param(entry(Files={"buildkitd.toml": "abc"}), id="no base64"),
        pytest.param(entry(Platforms=["linux/amd64"]), id="platforms as text"),
        pytest.param(entry(Platforms=7), id="platforms as a number"),
        pytest.param(entry(Name=None), id="null for a node's name"),
        pytest.param(entry(Endpoint=None), id="null for an endpoint"),
        pytest.param(entry(DriverOpts=["image=a"]), id="options as a list"),
        pytest.param(entry(DriverOpts={"cpu-shares": 512}), id="an option as a number"),
        pytest.param(entry(Flags=[None]), id="null for a flag"),
        pytest.param('{"Name": null, "Driver": "b", "Nodes": []}', id="null for the builder's name"),
        pytest.param(two(Name=7), id="the second node alone"),
    ],
)
def test_broken_entries(text: str) -> None:
    with pytest.raises(BrokenEntryError, match="Error: "):
        parse(text)


def test_files_emptied_by_a_failed_change_are_no_broken_entry() -> None:
    """What buildx leaves of the files after it rolled back (research: 0.13.1 and 0.29.1)."""
    assert parse(entry(Files={"buildkitd.toml": ""})).nodes[0].files == {"buildkitd.toml": b""}


def without(key: str, text: str) -> dict[str, t.Any]:
    """The entry less one key of its nodes."""
    found: dict[str, t.Any] = json.loads(text)
    found["Nodes"] = [{name: value for name, value in node.items() if name != key} for node in found["Nodes"]]
    return found


NEW_CA = {"certs/harbor.lab.test/ca.crt": b"new CA\n", "certs/a_5000/client.key": b"\xff\0"}


@pytest.mark.parametrize(
    ("files", "before", "after"),
    [
        pytest.param(NEW_CA, {"certs/harbor.lab.test/ca.crt": b"old"}, NEW_CA, id="one is replaced, one comes"),
        pytest.param(NEW_CA, {"certs/left/ca.crt": b"old"}, NEW_CA, id="one that nobody asks for goes"),
        pytest.param({}, {"certs/left/ca.crt": b"old"}, {}, id="the last one goes"),
        pytest.param(
            NEW_CA,
            {"buildkitd.toml": b"x = 1", "provenance.d/certs/x": b"{}"},
            {"buildkitd.toml": b"x = 1", "provenance.d/certs/x": b"{}", **NEW_CA},
            id="what is no certificate stays",
        ),
        pytest.param(NEW_CA, None, NEW_CA, id="null for no files"),
    ],
)
def test_with_certificates(files: dict[str, bytes], before: dict[str, bytes] | None, after: dict[str, bytes]) -> None:
    encoded = None if before is None else {name: base64.b64encode(each).decode() for name, each in before.items()}
    text = two(Files=encoded)
    found = parse(with_certificates(text, files))
    assert found.nodes[1].files == after
    # the other node has them, too; all else stays, also what nothing here knows of
    assert found.nodes[0].files == {"buildkitd.toml": parse(ENTRY).nodes[0].files["buildkitd.toml"], **files}
    assert without("Files", with_certificates(text, files)) == without("Files", text)


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        pytest.param({"image": "a"}, {"memory": "1g"}, {"image": "a", "memory": "1g"}, id="one comes"),
        pytest.param({"image": "a", "memory": "2g"}, {"memory": "1g"}, {"image": "a", "memory": "1g"}, id="replaced"),
        pytest.param({"image": "a"}, {}, {"image": "a"}, id="none"),
        pytest.param(None, {"memory": "1g"}, {"memory": "1g"}, id="null for no options"),
        pytest.param({"env.A": "1"}, {"env.A": ""}, {"env.A": ""}, id="an empty variable"),
    ],
)
def test_with_driver_opts_of_a_node(
    before: dict[str, str] | None, options: dict[str, str], after: dict[str, str]
) -> None:
    text = two(DriverOpts=before)
    changed = with_driver_opts(text, {"multiarch1": options, "nobody": {"memory": "9g"}})
    assert parse(changed).nodes[1].driver_opts == after
    assert parse(changed).nodes[0] == parse(text).nodes[0], "the other node stays as it is"
    assert without("DriverOpts", changed) == without("DriverOpts", text)


def test_paths_are_the_users_and_in_lower_case(homes: Path) -> None:
    assert store.entry_path("ci", "CI.Builder-1") == f"{homes}/ci/.docker/buildx/instances/ci.builder-1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(ENTRY, STORED, id="as recorded"),
        pytest.param(None, None, id="none"),
        pytest.param("{", "JSONDecodeError: Expecting property name enclosed in double quotes", id="cut: words"),
        pytest.param('{"Name": "a"}', "KeyError: 'Nodes'", id="a key is missing: words"),
    ],
)
def test_the_entry_of_a_user(text: str | None, found: StoredBuilder | str | None, homes: Path) -> None:
    if text is not None:
        path = homes / "ci/.docker/buildx/instances/multiarch"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    shown = store.entry("ci", "MultiArch")
    assert shown.startswith(found) if isinstance(shown, str) and isinstance(found, str) else shown == found
    assert store.entry("jane", "MultiArch") is None


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        pytest.param(None, set(), id="no store"),
        pytest.param({}, set(), id="an empty one"),
        pytest.param({"multiarch": ENTRY}, {"multiarch0"}, id="one builder"),
        pytest.param(
            {"a": two(), "b": entry(Name="b0")}, {"multiarch0", "multiarch1", "b0"}, id="several builders and nodes"
        ),
        pytest.param({"a": "{", "b": "", "c": "\xff", "d": entry(Name="d0")}, {"d0"}, id="broken ones have none"),
    ],
)
def test_the_nodes_of_all_builders_of_a_user(entries: dict[str, str] | None, names: set[str], homes: Path) -> None:
    folder = homes / "ci/.docker/buildx/instances"
    if entries is not None:
        folder.mkdir(parents=True)
    for name, text in (entries or {}).items():
        (folder / name).write_text(text, encoding="latin-1")
    assert store.node_names("ci") == names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(
            '{"Key":"unix:///var/run/docker.sock","Name":"multiarch","Global":true}', "multiarch", id="recorded"
        ),
        pytest.param('{"Key":"unix:///var/run/docker.sock","Name":"","Global":false}', None, id="docker's own"),
        pytest.param(None, None, id="never chosen"),
        pytest.param("", None, id="empty"),
        pytest.param("{", None, id="cut"),
        pytest.param("[]", None, id="list"),
    ],
)
def test_the_current_builder(text: str | None, name: str | None, homes: Path) -> None:
    folder = homes / "ci/.docker/buildx"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "current").write_text(text)
    assert store.current("ci") == name
