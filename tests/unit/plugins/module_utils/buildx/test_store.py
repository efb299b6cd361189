# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a builder store, as both buildx 0.13.1 and 0.29.1 wrote them, and broken ones."""

from __future__ import annotations

import base64
import json
import os
import pwd
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import (
    BrokenEntryError,
    StoredBuilder,
    StoredNode,
    parse,
    with_certificates,
    with_driver_opts,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.buildx.recorded import ENTRY, entry

USER = pwd.getpwuid(os.geteuid()).pw_name


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


def test_paths_are_the_users_and_in_lower_case() -> None:
    home = pwd.getpwnam(USER).pw_dir
    assert store.entry_path(USER, "CI.Builder-1") == f"{home}/.docker/buildx/instances/ci.builder-1"


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
def test_the_current_builder(
    text: str | None, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "folder", lambda _user: str(tmp_path))
    if text is not None:
        (tmp_path / "current").write_text(text)
    assert store.current(USER) == name
