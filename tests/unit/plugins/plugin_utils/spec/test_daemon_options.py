# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be merged into daemon.json."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.daemon_options import check_daemon_options
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings


def run(options: dict[object, object]) -> list[str]:
    findings = Findings()
    check_daemon_options(options, "d", findings)
    return [str(problem) for problem in findings.problems]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"hosts": ["tcp://0.0.0.0"]}, "d.hosts: stops dockerd from starting", id="hosts"),
        pytest.param({"registry-mirrors": []}, "Use `mirrors` of docker.io in builder_registries", id="mirrors"),
        pytest.param({"insecure-registries": ["a"]}, "`insecure` or `http` in builder_registries", id="insecure"),
        pytest.param(
            {"proxies": {"http-proxy": "http://me:pw@p"}}, "d.proxies: is set by another variable", id="proxies"
        ),
        pytest.param(
            {"data-root": "srv/docker"}, "d.data-root = 'srv/docker': must be an absolute path", id="relative"
        ),
        pytest.param({"exec-root": "run"}, "Write the absolute path, such as /srv/run", id="another"),
        pytest.param({1: "x"}, "d.1: has a key that is not a string", id="number as key"),
        pytest.param({"log-opts": {1: "x"}}, "d.log-opts.1: has a key", id="number as key, deep"),
        pytest.param({"a": [{"b": datetime.date(2026, 1, 1)}]}, "d.a[0].b: is of type date, which JSON", id="date"),
    ],
)
def test_traps(options: dict[object, object], told: str) -> None:
    assert len(run(options)) == 1
    assert told in run(options)[0]


DEFAULT: dict[object, object] = {}
SAID: dict[object, object] = {"features": {"containerd-snapshotter": True}}
NOT_OURS: dict[object, object] = {"features": {"containerd-snapshotter": None}}
OFF: dict[object, object] = {"features": {"containerd-snapshotter": False}}
OTHERS: dict[object, object] = {"features": {"cdi": True}}


@pytest.mark.parametrize("rest", [DEFAULT, SAID, OTHERS], ids=["by default", "said", "other features are named"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            {"storage-driver": "overlay2"},
            "d.storage-driver = 'overlay2': is a graph driver, but features.containerd-snapshotter is true",
            id="graph driver",
        ),
        pytest.param({"storage-driver": "vfs"}, "or write native", id="another graph driver"),
        pytest.param(
            {"userns-remap": "default"},
            "d.userns-remap = 'default': does not go with features.containerd-snapshotter: true",
            id="userns-remap",
        ),
    ],
)
def test_what_does_not_go_with_the_image_store_is_a_problem(
    options: dict[object, object], told: str, rest: dict[object, object]
) -> None:
    (problem,) = run({**options, **rest})
    assert told in problem
    assert "builder_daemon_options: {features: {containerd-snapshotter: null}}" in problem
    assert problem.endswith(".")


def test_a_snapshotter_without_the_image_store_is_a_problem() -> None:
    (problem,) = run({"storage-driver": "overlayfs", **OFF})
    assert "d.storage-driver = 'overlayfs': is a snapshotter, but features.containerd-snapshotter" in problem


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"storage-driver": "overlay2", **NOT_OURS}, id="graph driver, the image store is not ours"),
        pytest.param({"storage-driver": "overlay2", **OFF}, id="graph driver, the image store is off"),
        pytest.param({"storage-driver": "overlay2", "features": None}, id="graph driver, no features at all"),
        pytest.param({"userns-remap": "default", **NOT_OURS}, id="userns-remap, the image store is not ours"),
        pytest.param({"storage-driver": None, "userns-remap": None}, id="null removes them"),
        pytest.param({"storage-driver": "overlayfs"}, id="a snapshotter"),
        pytest.param({"storage-driver": "zfs"}, id="the name of both"),
    ],
)
def test_what_goes_with_the_image_store(options: dict[object, object]) -> None:
    assert run(options) == []


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"hosts": None, "registry-mirrors": None, "proxies": None}, id="null removes a key"),
        pytest.param({"features": {"containerd-snapshotter": True}, "dns": ["1.1.1.1"], "mtu": 1450}, id="usual"),
    ],
)
def test_good_options(options: dict[object, object]) -> None:
    assert run(options) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            {"features": {"containerd-snapshoter": True}}, "containerd-snapshotter", id="a feature misspelled"
        ),
        pytest.param({"builder": {"gcc": {}}}, "gc", id="a key of builder misspelled"),
        pytest.param({"builder": {"gc": {"enabeld": True}}}, "enabled", id="a key of builder.gc misspelled"),
        pytest.param({"builder": {"gc": {"policy": [{"alll": True}]}}}, "all", id="a key of a policy misspelled"),
    ],
)
def test_what_dockerd_would_ignore_silently_is_a_warning(options: dict[object, object], told: str) -> None:
    findings = Findings()
    check_daemon_options(options, "d", findings)
    assert findings.problems == []
    assert len(findings.warnings) == 1
    assert told in findings.warnings[0].partition("ignores it: ")[2]


def test_known_features_and_removals_are_no_warning() -> None:
    findings = Findings()
    check_daemon_options(
        {
            "features": {"cdi": True, "buildkit": None},
            "builder": {"gc": {"enabled": True, "defaultReservedSpace": "20GB"}, "history": {"maxEntries": 9}},
        },
        "d",
        findings,
    )
    assert findings.warnings == []
