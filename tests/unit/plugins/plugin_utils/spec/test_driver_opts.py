# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the drivers. Origin: docker/buildx, driver/*/factory.go; tests/hosts/test_kubernetes.py asks buildx."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_opts import normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.driver_tables import DRIVERS
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

Values = tuple[dict[object, str], list[object]]  # ({taken: as a string}, [refused])

_BOOL: Values = ({True: "true", "false": "false"}, ["yes", 2, ""])
_ENVIRONMENT: Values = (
    {"http://proxy:3128": "http://proxy:3128", "http://a/b@c": "http://a/b@c", "": ""},
    [None, "a\nb", 1.5, "http://me:pw@proxy", "http://token@proxy"],
)
_CPU: Values = ({"500m": "500m", "1.5": "1.5", 2: "2", "0.125": "0.125"}, ["1.0005", "2 cpus", "-1", "1k", 1.5, ""])
_QUANTITY: Values = (
    {"4Gi": "4Gi", "4G": "4G", "1.5Ti": "1.5Ti", 1024: "1024", "129e6": "129e6", "500k": "500k"},
    ["4g", "4GB", "4GiB", "400m", "75%", "-1", "Gi", "4 Gi", "4K", ""],
)
VALUES: dict[str, dict[str, Values]] = {
    "docker-container": {
        "network": ({"host": "host"}, ["", None, 1.5, "a\nb"]),
        "memory": ({"4g": "4g", 1024: "1024", "1.5GiB": "1.5GiB"}, ["4x", "75%", True, []]),
        "memory-swap": ({-1: "-1", "8g": "8g"}, ["-2"]),
        "cpu-period": ({100000: "100000"}, ["1.5", 1.5]),
        "cpu-quota": ({-1: "-1", "50000": "50000"}, ["all"]),
        "cpu-shares": ({512: "512"}, ["many"]),
        "cpuset-cpus": ({"0-3,6": "0-3,6", 0: "0"}, ["0-", "a"]),
        "cpuset-mems": ({"0,1": "0,1"}, [",1"]),
        "cgroup-parent": ({"/docker/buildx": "/docker/buildx"}, [""]),
        "restart-policy": ({"always": "always", "on-failure:3": "on-failure:3"}, ["never", "on-failure:"]),
        "default-load": _BOOL,
        "provenance-add-gha": _BOOL,
        "allow-untrusted-image": _BOOL,
        "env.HTTP_PROXY": _ENVIRONMENT,
    },
    "remote": {
        "servername": (
            {name: name for name in ("build.example.com", "build", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1")},
            ["", "build:1234", "tcp://build", "-build", "a b"],
        ),
        "default-load": _BOOL,
    },
    "kubernetes": {
        "namespace": ({"ci": "ci", "team-1": "team-1"}, ["CI", "a.b", "-a", "a" * 64, ""]),
        "replicas": ({3: "3", "1": "1"}, [0, -1, "1.5", "all", True, 2**31]),
        "requests.cpu": _CPU,
        "requests.memory": _QUANTITY,
        "requests.ephemeral-storage": _QUANTITY,
        "limits.cpu": _CPU,
        "limits.memory": _QUANTITY,
        "limits.ephemeral-storage": _QUANTITY,
        "persistent-volume-claim.requests.storage": _QUANTITY,
        "buildkit-root-volume-memory": _QUANTITY,
        "nodeselector": (
            {text: text for text in ("kubernetes.io/arch=arm64", "a=b,c=d", "spot=", "a_b.c=D-1")},
            ["", "a", "a=b,", "a=b, c=d", "a=b;c=d", "a=b=c", "=b", '"a=b"', "a/b/c=d", "a=-b"],
        ),
        "annotations": (
            {text: text for text in ("a=b", "example.com/owner=The team: 1 < 2,b=", "x-buildx.docker.com/platform=1")},
            ["", "a", "a=b=c", "a b=c", "buildx.docker.com/platform=x", "a=b,buildx.docker.com/platform=x"],
        ),
        "labels": (
            {text: text for text in ("a=b", "app.kubernetes.io/part-of=ci,team=", "myapp=x,apps=y")},
            ["", "a", "a=b c", "app=x", "a=b,app=x", "a=x/y"],
        ),
        "tolerations": (
            {
                text: text
                for text in (
                    "key=a",
                    "operator=Exists",
                    "key=a,operator=Equal,value=b,effect=NoSchedule;key=example.com/c,operator=Exists",
                    "effect=NoExecute,tolerationSeconds=60,key=a",
                    "effect=NoExecute,operator=Exists",
                    "key=a,value=",
                )
            },
            [
                *("", "a", "key=a;", ";key=a", "key=a,", "key=a, value=b", "keys=a", "key=a,seconds=5"),
                *(
                    "key=a,operator=exists",
                    "key=a,effect=Never",
                    "tolerationSeconds=x,key=a",
                    "value=b",
                    "key=a;value=b",
                ),
            ],
        ),
        "serviceaccount": ({"builder": "builder", "a.b-c": "a.b-c"}, ["Builder", "a_b", ""]),
        "schedulername": ({"default-scheduler": "default-scheduler"}, ["My Scheduler", ""]),
        "rootless": _BOOL,
        "loadbalance": ({"sticky": "sticky", "random": "random"}, ["roundrobin", "Sticky", ""]),
        "qemu.install": _BOOL,
        "qemu.image": (
            {"registry.example/binfmt:1": "registry.example/binfmt:1"},
            ["", "https://registry.example/binfmt", "a/B:1", "a:", "a@sha256:1", 1.5],
        ),
        "timeout": (
            {text: text for text in ("120s", "1h30m", "1.5m", ".5h", "300ms")},
            [120, "120", "2 m", "1d", "m", "-5s", ""],
        ),
        "default-load": _BOOL,
        "env.HTTP_PROXY": _ENVIRONMENT,
    },
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_option_is_tested(driver: str) -> None:
    environment = {"env.HTTP_PROXY"} if driver != "remote" else set()
    assert set(VALUES[driver]) == {*DRIVERS[driver], *environment}


@pytest.mark.parametrize(("driver", "key"), [(driver, key) for driver, options in VALUES.items() for key in options])
def test_each_option_takes_its_values_as_strings_and_refuses_others(driver: str, key: str) -> None:
    good, bad = VALUES[driver][key]
    for value, text in good.items():
        findings = Findings()
        assert normalise({key: value}, "o", findings, driver) == {key: text}
        assert findings.problems == []
    for value in bad:
        findings = Findings()
        assert normalise({key: value}, "o", findings, driver) == {}, value
        assert [problem.variable for problem in findings.problems] == [f"o.{key}"], value


def test_the_driver_is_docker_container_unless_another_is_named() -> None:
    findings = Findings()
    assert normalise({"memory": "4g"}, "o", findings) == {"memory": "4g"}
    assert findings.problems == []


@pytest.mark.parametrize(
    ("driver", "key", "told"),
    [
        pytest.param(
            *(
                "docker-container",
                "memroy",
                "o.memroy: is not an option of the docker-container driver. Did you mean mem",
            ),
            id="typo",
        ),
        pytest.param("docker-container", "image", "o.image = 'x': is set by another option. Use `image`", id="image"),
        pytest.param("docker-container", "env.", "is not an option", id="env without a name"),
        pytest.param("docker-container", "env.A=B", "is not an option", id="env with the value in its name"),
        pytest.param("docker-container", "env.A B", "is not an option", id="env with a space"),
        pytest.param("docker-container", "namespace", "is not an option", id="of the kubernetes driver"),
        pytest.param("docker-container", "cacert", "is not an option", id="of the remote driver"),
        pytest.param("docker-container", 5, "is not an option", id="a number"),
        pytest.param(
            *("remote", "server-name", "is not an option of the remote driver. Did you mean servername?"),
            id="remote: typo",
        ),
        pytest.param("remote", "env.A", "is not an option", id="remote: env"),
        pytest.param("remote", "image", "is not an option", id="remote: image"),
        pytest.param("remote", "timeout", "is not an option", id="remote: timeout"),
        pytest.param("remote", "cacert", "Use `ca`, `client_cert` and `client_key` of the node.", id="remote: cacert"),
        pytest.param("remote", "cert", "Use `ca`, `client_cert` and `client_key` of the node.", id="remote: cert"),
        pytest.param("remote", "key", "o.key: is set by another option. Use `ca`, `cl", id="remote: key, not shown"),
        pytest.param("kubernetes", "replica", "driver. Did you mean replicas?", id="kubernetes: typo"),
        pytest.param("kubernetes", "image", "Use `image` of the instance", id="kubernetes: image"),
        pytest.param(
            "kubernetes", "memory", "is not an option of the kubernetes driver", id="kubernetes: of a container"
        ),
        pytest.param("kubernetes", "env.", "is not an option", id="kubernetes: env without a name"),
    ],
)
def test_unknown_options_and_those_with_a_better_place(driver: str, key: object, told: str) -> None:
    findings = Findings()
    assert normalise({key: "x"}, "o", findings, driver) == {}
    assert len(findings.problems) == 1
    assert told in str(findings.problems[0])


def test_an_image_that_can_change_is_warned_of() -> None:
    findings = Findings()
    assert normalise({"qemu.image": "binfmt"}, "o", findings, "kubernetes") == {"qemu.image": "binfmt"}
    assert [each.partition(":")[0] for each in findings.warnings] == ["o.qemu.image"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("http://me:s3cret@proxy:3128", id="user and password"),
        pytest.param("http://s3cret@proxy", id="a token"),
        pytest.param("a,http://me:s3cret@b,c", id="among others"),
    ],
)
@pytest.mark.parametrize("driver", ["docker-container", "kubernetes"])
def test_credentials_have_a_better_place_and_are_not_shown(driver: str, value: str) -> None:
    findings = Findings()
    assert normalise({"env.https_proxy": value}, "o", findings, driver) == {}
    assert [str(problem) for problem in findings.problems] == [
        "o.env.https_proxy: contains a user name or password. Use builder_proxy, which keeps them secret."
    ]
