# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of buildkitd.toml's keys. Origin: the structs in moby/buildkit's cmd/buildkitd/config at its tags."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.check import check_keys
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.keys import (
    BUILDKITD_KEYS,
    NEWEST,
    Key,
    Named,
    Node,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.versions import check_versions
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Config = dict[str, t.Any]
# Every key that is younger than v0.3.0, and the first tag whose struct has it.
SINCE = """
cache 0.27
cdi 0.20
dns 0.6
frontend 0.14
grpc.securityDescriptor 0.13.2
history 0.11
insecure-entitlements 0.5
log 0.13
log.level 0.30
otel 0.13
provenanceEnvDir 0.25
proxyNetwork 0.31
registry.*.ca 0.7
registry.*.insecure 0.7
registry.*.keypair 0.7
registry.*.tlsconfigdir 0.7
system 0.14
system.maxRegistryConcurrency 0.31
trace 0.12
worker.containerd.apparmor-profile 0.8.2
worker.containerd.bridgeName 0.13
worker.containerd.bridgeSubnet 0.13
worker.containerd.cniBinaryPath 0.6
worker.containerd.cniConfigPath 0.6
worker.containerd.cniPoolSize 0.11
worker.containerd.defaultCgroupParent 0.15
worker.containerd.gc 0.4
worker.containerd.gckeepstorage 0.4
worker.containerd.gcpolicy.maxUsedSpace 0.17
worker.containerd.gcpolicy.minFreeSpace 0.17
worker.containerd.gcpolicy.reservedSpace 0.17
worker.containerd.max-parallelism 0.9
worker.containerd.maxUsedSpace 0.17
worker.containerd.minFreeSpace 0.17
worker.containerd.networkMode 0.6
worker.containerd.reservedSpace 0.17
worker.containerd.rootless 0.10
worker.containerd.runtime 0.13
worker.containerd.selinux 0.10.6
worker.containerd.snapshotter 0.8
worker.oci.apparmor-profile 0.8.2
worker.oci.binary 0.7
worker.oci.bridgeName 0.13
worker.oci.bridgeSubnet 0.13
worker.oci.cniBinaryPath 0.6
worker.oci.cniConfigPath 0.6
worker.oci.cniPoolSize 0.11
worker.oci.defaultCgroupParent 0.10
worker.oci.gc 0.4
worker.oci.gckeepstorage 0.4
worker.oci.gcpolicy.maxUsedSpace 0.17
worker.oci.gcpolicy.minFreeSpace 0.17
worker.oci.gcpolicy.reservedSpace 0.17
worker.oci.max-parallelism 0.9
worker.oci.maxUsedSpace 0.17
worker.oci.minFreeSpace 0.17
worker.oci.networkMode 0.6
worker.oci.noProcessSandbox 0.4
worker.oci.proxySnapshotterPath 0.8
worker.oci.reservedSpace 0.17
worker.oci.selinux 0.10.6
worker.oci.stargzSnapshotter 0.8
worker.oci.userRemapUnsupported 0.5
"""


def rows(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Key]]:
    """Every row of the table that says something about versions."""
    if isinstance(node, Key):
        yield ".".join(path), node
        yield from rows(node.node, path)
    elif isinstance(node, Named):
        yield from rows(node.node, (*path, "*"))
    elif isinstance(node, list):
        yield from rows(node[0], path)
    elif not isinstance(node, str):
        for name, each in node.items():
            yield from rows(each, (*path, name))


def test_every_key_has_the_version_it_came_with() -> None:
    found = {name: ".".join(map(str, key.since)) for name, key in rows(BUILDKITD_KEYS) if key.since}
    assert found == dict(line.split() for line in SINCE.strip().splitlines())


def test_the_table_was_read_up_to_the_newest_of_its_versions() -> None:
    assert max(max(key.since, key.deprecated)[:2] for _name, key in rows(BUILDKITD_KEYS)) <= NEWEST


def test_every_deprecated_key_says_what_there_is_instead() -> None:
    found = {name: (key.deprecated, key.instead.partition(",")[0]) for name, key in rows(BUILDKITD_KEYS) if key.instead}
    workers = {
        f"worker.{worker}.{name}": ((0, 17), "reservedSpace")
        for worker in ("oci", "containerd")
        for name in ("gckeepstorage", "gcpolicy.keepBytes")
    }
    assert found == {"debug": ((0, 30), "log.level"), "trace": ((0, 30), "log.level"), **workers}


def told(config: Config, version: Version) -> tuple[list[str], list[str]]:
    """(problems, warnings)"""
    findings = Findings()
    check_keys(config, "o", findings, removals=True)
    assert findings.problems == []
    check_versions(config, version, "o", findings)
    return [str(each) for each in findings.problems], findings.warnings


@pytest.mark.parametrize(
    ("config", "version", "warnings"),
    [
        pytest.param(
            {"worker": {"oci": {"maxUsedSpace": "5GB"}}},
            (0, 13, 2),
            ["o.worker.oci.maxUsedSpace: is ignored by BuildKit 0.13.2 (since 0.17)"],
            id="a key",
        ),
        pytest.param({"worker": {"oci": {"maxUsedSpace": "5GB"}}}, (0, 17, 0), [], id="the version that it came with"),
        pytest.param({"worker": {"oci": {"maxUsedSpace": "5GB"}}}, (), [], id="unknown version"),
        pytest.param({"worker": {"oci": {"maxUsedSpace": None}}}, (0, 13), [], id="null removes"),
        pytest.param({"grpc": {"securityDescriptor": ""}}, (0, 13, 2), [], id="third number: the same"),
        pytest.param(
            {"grpc": {"securityDescriptor": ""}},
            (0, 13, 1),
            ["o.grpc.securityDescriptor: is ignored by BuildKit 0.13.1 (since 0.13.2)"],
            id="third number: one before",
        ),
        pytest.param(
            {"cdi": {"disabled": True}}, (0, 19), ["o.cdi: is ignored by BuildKit 0.19 (since 0.20)"], id="a table"
        ),
        pytest.param(
            {"log": {"level": "info", "format": "json"}},
            (0, 13),
            ["o.log.level: is ignored by BuildKit 0.13 (since 0.30)"],
            id="log.format is older than log.level",
        ),
        pytest.param(
            {"worker": {"oci": {"gcpolicy": [{"all": True}, {"minFreeSpace": 1}]}}},
            (0, 16),
            ["o.worker.oci.gcpolicy[1].minFreeSpace: is ignored by BuildKit 0.16 (since 0.17)"],
            id="in a list of tables",
        ),
        pytest.param(
            {"registry": {"a.b:1": {"insecure": True}}},
            (0, 6),
            ['o.registry."a.b:1".insecure: is ignored by BuildKit 0.6 (since 0.7)'],
            id="below a free key",
        ),
        pytest.param(
            {"worker": {"oci": {"gckeepstorage": 1}}},
            (0, 17),
            [
                "o.worker.oci.gckeepstorage: is deprecated since BuildKit 0.17: use reservedSpace, maxUsedSpace or "
                "builder_gc"
            ],
            id="deprecated",
        ),
        pytest.param({"worker": {"oci": {"gckeepstorage": "1GB"}}}, (0, 16), [], id="not deprecated yet"),
        pytest.param(
            {"debug": True}, (0, 33), ["o.debug: is deprecated since BuildKit 0.30: use log.level"], id="debug"
        ),
        pytest.param({"debug": True}, (), [], id="perhaps deprecated"),
        pytest.param({"debug": True, "registry": {"a.b": {"mirrors": ["c"]}}}, (0, 12), [], id="nothing to tell"),
    ],
)
def test_what_a_version_does_with_keys(config: Config, version: Version, warnings: list[str]) -> None:
    assert told(config, version) == ([], warnings)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        pytest.param(
            {"worker": {"oci": {"gckeepstorage": "5GB"}}},
            "o.worker.oci.gckeepstorage = '5GB': is text, which needs BuildKit 0.12: 0.11.6 would not start."
            " Write whole bytes, without quotes, or use a newer image.",
            id="a size",
        ),
        pytest.param(
            {"worker": {"oci": {"gcpolicy": [{"keepDuration": "48h"}]}}},
            "o.worker.oci.gcpolicy[0].keepDuration = '48h': is text, which needs BuildKit 0.12: 0.11.6 would not start."
            " Write whole seconds, without quotes, or use a newer image.",
            id="a duration",
        ),
    ],
)
def test_text_stops_what_wants_numbers(config: Config, problem: str) -> None:
    """Origin: the types in config.go at v0.11.6, int64, and at v0.12.0."""
    assert told(config, (0, 11, 6)) == ([problem], [])
    assert told(config, (0, 12)) == ([], [])
