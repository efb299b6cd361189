# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builders of a host."""

from __future__ import annotations

import errno
import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.instances import normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.nodes import Inventory
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import NOW, make

RENDERED = Rendered("debug = true\n", {"a.b/ca.crt": ("a.b", "ca")})
FILES = {"files/buildkitd.toml": b"trace = true\n", "bad.toml": b"\xff"}


def read_file(path: str) -> bytes:
    if path not in FILES:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    return FILES[path]


INVENTORY = Inventory("scheduler", {"arm-1": {"ansible_host": "198.51.100.31", "ansible_user": "ci"}}.get)


def rendering(_version: Version) -> Rendered:
    return RENDERED


def run(*instances: dict[str, t.Any]) -> tuple[list[dict[str, t.Any]], list[str]]:
    findings = Findings()
    found = normalise(
        instances,
        rendering=rendering,
        variable="b",
        read_file=read_file,
        findings=findings,
        inventory=INVENTORY,
        now=NOW,
    )
    return found, [str(problem) for problem in findings.problems]


def test_an_instance_gets_the_rendered_file_and_certificates() -> None:
    found, problems = run({"name": "multiarch", "driver_opts": {"memory": 1024}})
    assert problems == []
    assert found == [
        {
            "name": "multiarch",
            "driver_opts": {"memory": "1024"},
            "nodes": [],
            "config": "debug = true\n",
            "certificates": {},
            "registry_files": {"a.b/ca.crt": ("a.b", "ca")},
        }
    ]


def test_files_are_not_shared_between_instances() -> None:
    found, _problems = run({"name": "a"}, {"name": "b"})
    found[0]["registry_files"].clear()
    assert found[1]["registry_files"] == RENDERED.files == {"a.b/ca.crt": ("a.b", "ca")}


@pytest.mark.parametrize(
    ("config", "text"),
    [
        pytest.param("trace = false", "trace = false", id="text, kept as it is"),
        pytest.param("[log]", "[log]", id="one table"),
        pytest.param("# nothing", "# nothing", id="a comment"),
        pytest.param("", "", id="empty: buildkitd's defaults"),
        pytest.param("files/buildkitd.toml", "trace = true\n", id="a file"),
        pytest.param(
            '[registry]\n"x.y".ca = ["/etc/buildkit/certs/x.y/ca.crt"]\n"a.b".ca = ["/etc/buildkit/certs/a.b/ca.crt"]',
            '[registry]\n"x.y".ca = ["/etc/buildkit/certs/x.y/ca.crt"]\n"a.b".ca = ["/etc/buildkit/certs/a.b/ca.crt"]',
            id="names its own certificate and one of the registries'",
        ),
    ],
)
def test_the_users_own_config(config: str, text: str) -> None:
    found, problems = run({"name": "a", "config": config, "certificates": {"x.y/ca.crt": "X\n"}})
    assert problems == []
    assert found[0]["config"] == text
    assert found[0]["certificates"] == {"x.y/ca.crt": "X\n"}
    assert found[0]["registry_files"] == RENDERED.files


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        pytest.param(
            {"name": "default"}, "b[0].name = 'default': is the name of Docker's default context", id="default"
        ),
        pytest.param({"name": "1a"}, "b[0].name = '1a': is not a valid builder name", id="digit first"),
        pytest.param({"name": "a b"}, "b[0].name = 'a b': is not a valid builder name", id="space"),
        pytest.param({"name": ""}, "b[0].name = '': is not a valid builder name", id="empty"),
        pytest.param({"name": "a\n"}, r"b[0].name = 'a\n': is not a valid builder name", id="newline"),
        pytest.param({"name": "a" * 201}, "…': is longer than 200 characters", id="too long for a file"),
        pytest.param({"image": f"a/buildkit:v{'9' * 5000}.1"}, "b[0].image = 'a/buildkit:v999", id="a version"),
        pytest.param({"name": "../a"}, "b[0].name = '../a': is not a valid builder name", id="traversal"),
        pytest.param({"image": "a/b@sha256:12"}, "b[0].image = 'a/b@sha256:12': has no valid digest", id="image"),
        pytest.param({"driver_opts": {"cpus": 1}}, "b[0].driver_opts.cpus: is not an option", id="driver_opts"),
        pytest.param({"flags": ["--debug", "trace"]}, "b[0].flags[1] = 'trace': is not a flag", id="flags"),
        pytest.param(
            {
                "config": 'insecure-entitlements = ["network.host", "security.insecure"]',
                "flags": ["--allow-insecure-entitlement=network.host"],
            },
            "b[0].flags: replaces insecure-entitlements of buildkitd.toml: security.insecure is lost",
            id="entitlements",
        ),
        pytest.param({"config": "debug = 1"}, "b[0].config.debug = 1: is an integer", id="config, type"),
        pytest.param({"config": "missing.toml"}, "b[0].config = 'missing.toml': cannot be read: No such", id="no file"),
        pytest.param({"config": "bad.toml"}, "b[0].config = 'bad.toml': is not UTF-8", id="not UTF-8"),
        pytest.param(
            {"registry_files": {}},
            "b[0].registry_files: is generated from the registries. Remove it.",
            id="what is made",
        ),
        pytest.param({"certificates": {"a/ca.crt": "X"}}, "b[0].certificates: is set without a `config`", id="alone"),
        pytest.param(
            {"config": "", "certificates": {"../x/ca.crt": ""}}, "../x/ca.crt: is not a path", id="traversal 1"
        ),
        pytest.param({"config": "", "certificates": {"../ca.crt": ""}}, "../ca.crt: is not a path", id="traversal 2"),
        pytest.param({"config": "", "certificates": {"a/..": ""}}, "a/..: is not a path", id="traversal 3"),
        pytest.param({"config": "", "certificates": {"/ca.crt": ""}}, "/ca.crt: is not a path", id="absolute"),
        pytest.param({"config": "", "certificates": {"a/ca.crt": 1}}, "a/ca.crt: is not text", id="no text"),
    ],
)
def test_a_bad_instance_is_one_problem(instance: dict[str, t.Any], told: str) -> None:
    _found, problems = run(instance)
    assert len(problems) == 1
    assert told in problems[0]


def test_names_are_unique_without_regard_to_case() -> None:
    _found, problems = run({"name": "Multi"}, {"name": "other"}, {"name": "multi"})
    assert problems == [
        "b[2].name = 'multi': is also the name of b[0]; case is ignored. Use a unique name for each builder."
    ]


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        pytest.param([False, False], [], id="none"),
        pytest.param([False, True], [], id="one"),
        pytest.param([True, False, True, True], ["b[2].default: is", "b[3].default: is"], id="three"),
    ],
)
def test_at_most_one_is_the_default(defaults: list[bool], told: list[str]) -> None:
    _found, problems = run(*({"name": f"n{index}", "default": value} for index, value in enumerate(defaults)))
    assert [problem[: len("b[2].default: is")] for problem in problems] == told


@pytest.mark.parametrize(
    ("image", "warning"),
    [
        pytest.param({"image": "moby/buildkit:v0.13.2"}, ["is ignored by BuildKit 0.13.2 (since 0.20)"], id="older"),
        pytest.param({"image": "moby/buildkit:v0.20.0"}, [], id="it knows the key"),
        pytest.param({"image": "moby/buildkit:buildx-stable-1"}, [], id="unknown"),
        pytest.param({}, [], id="none"),
    ],
)
def test_a_config_is_held_against_the_version_of_its_image(image: dict[str, str], warning: list[str]) -> None:
    findings = Findings()
    asked: list[Version] = []

    def render(version: Version) -> Rendered:
        asked.append(version)
        return RENDERED

    instances = [{"name": "a", **image}, {"name": "b", "config": "[cdi]\ndisabled = true", **image}]
    normalise(instances, rendering=render, variable="b", read_file=read_file, findings=findings)
    assert findings.warnings == [f"b[1].config.cdi: {each}" for each in warning]
    assert len(set(asked)) == 1


FAR = "tcp://192.0.2.1:1234"
CA = make("CA")


@pytest.mark.parametrize(
    ("instance", "found"),
    [
        pytest.param({}, [], id="none: this host, by the name that buildx gives"),
        pytest.param({"nodes": []}, [], id="an empty list is none"),
        pytest.param(
            {
                "nodes": [
                    {"host": "scheduler", "platforms": ["amd64"]},
                    {"host": "arm-1", "platforms": ["arm64", "arm/v7"]},
                ]
            },
            [
                {"name": "B-scheduler", "endpoint": "", "platforms": ["linux/amd64"], "driver_opts": {}},
                {
                    "name": "B-arm-1",
                    "endpoint": "ssh://ci@198.51.100.31",
                    "platforms": ["linux/arm64", "linux/arm/v7"],
                    "driver_opts": {},
                },
            ],
            id="hosts of the inventory",
        ),
        pytest.param(
            {
                "driver": "docker-container",
                "nodes": [{"host": "arm-1", "name": "arm", "driver_opts": {"memory": 1024}}],
            },
            [{"name": "arm", "endpoint": "ssh://ci@198.51.100.31", "platforms": [], "driver_opts": {"memory": "1024"}}],
            id="a name and options of its own",
        ),
        pytest.param(
            {"driver": "remote", "nodes": [{"endpoint": FAR, "ca": CA.pem}]},
            [{"name": "B-192.0.2.1", "endpoint": FAR, "platforms": [], "driver_opts": {}, "ca": CA.pem}],
            id="remote",
        ),
        pytest.param(
            {"driver": "kubernetes", "nodes": [{"name": "pod", "driver_opts": {"replicas": 2}}]},
            [{"name": "pod", "endpoint": "", "platforms": [], "driver_opts": {"replicas": "2"}}],
            id="kubernetes",
        ),
    ],
)
def test_nodes(instance: dict[str, t.Any], found: list[dict[str, t.Any]]) -> None:
    (made,), problems = run({"name": "B", **instance})
    assert (made["nodes"], problems) == (found, [])


@pytest.mark.parametrize(
    ("driver", "config"),
    [
        pytest.param("docker-container", "debug = true\n", id="docker-container"),
        pytest.param("kubernetes", "debug = true\n", id="kubernetes"),
        pytest.param("remote", "", id="remote: it is configured where it runs"),
    ],
)
def test_what_each_driver_gets(driver: str, config: str) -> None:
    nodes = [{"endpoint": FAR}] if driver == "remote" else []
    (made,), problems = run({"name": "a", "driver": driver, "nodes": nodes})
    assert problems == []
    assert (made["config"], made["registry_files"]) == (config, RENDERED.files if config else {})


ELSEWHERE = "only applies to a buildkitd that buildx starts, not to the driver remote. Configure it where it runs."


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        pytest.param({"config": "debug = true"}, ["config"], id="its configuration"),
        pytest.param({"config": "missing.toml"}, ["config"], id="its configuration is not even read"),
        pytest.param({"certificates": {"a/ca.crt": "CA"}}, ["certificates"], id="its certificates"),
        pytest.param({"flags": ["--debug"]}, ["flags"], id="its flags: docker/buildx, driver/remote/factory.go"),
        pytest.param(
            {"config": "x = 1", "certificates": {"a/ca.crt": "CA"}, "flags": ["--debug"]},
            ["config", "certificates", "flags"],
            id="all of them",
        ),
        pytest.param({"config": "", "certificates": {}, "flags": []}, [], id="empty ones"),
    ],
)
def test_a_buildkitd_elsewhere_is_somebody_elses(instance: dict[str, t.Any], told: list[str]) -> None:
    _found, problems = run({"name": "a", "driver": "remote", "nodes": [{"endpoint": FAR}], **instance})
    assert problems == [f"b[0].{key}: {ELSEWHERE}" for key in told]


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        pytest.param(
            {"driver_opts": {"memory": "1g"}, "driver": "remote", "nodes": [{"endpoint": FAR}]},
            "b[0].driver_opts.memory: is not an option of the remote driver.",
            id="an option of another driver",
        ),
        pytest.param(
            {"driver_opts": {"replicas": 2}},
            "b[0].driver_opts.replicas: is not an option of the docker-container",
            id="and",
        ),
        pytest.param(
            {"driver": "remote"}, "b[0].nodes: is empty, but the driver remote connects", id="remote: nowhere"
        ),
        pytest.param(
            {"nodes": [{"host": "arm-9"}]}, "b[0].nodes[0].host = 'arm-9': is not a host of the inventory.", id="a node"
        ),
        pytest.param(
            {"nodes": [{"host": "arm-1", "driver_opts": {"replicas": 2}}]},
            "b[0].nodes[0].driver_opts.replicas: is not an option of the docker-container driver.",
            id="an option of a node",
        ),
    ],
)
def test_a_fault_of_drivers_and_nodes_is_one_problem(instance: dict[str, t.Any], told: str) -> None:
    _found, problems = run({"name": "a", **instance})
    assert [text[: len(told)] for text in problems] == [told]


def test_the_same_host_may_be_a_node_of_several_builders() -> None:
    found, problems = run(*({"name": name, "nodes": [{"host": "arm-1"}]} for name in ("a", "b")))
    assert problems == []
    assert [each["nodes"][0]["name"] for each in found] == ["a-arm-1", "b-arm-1"]
