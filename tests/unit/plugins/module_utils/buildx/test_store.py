# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of a builder store, as both buildx 0.13.1 and 0.29.1 wrote them, and broken ones."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.buildx.store import (
    BrokenEntryError,
    StoredBuilder,
    StoredNode,
    parse,
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


def test_several_nodes() -> None:
    found = json.loads(ENTRY)
    found["Nodes"].append({**found["Nodes"][0], "Name": "multiarch1"})
    assert [node.name for node in parse(json.dumps(found)).nodes] == ["multiarch0", "multiarch1"]


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
