# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pods silently lack. Origin: what buildx 0.36.1 requests of an API; tests/hosts/test_kubernetes.py asks it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.buildkitd.render import Rendered
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.instances import normalise
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

CLAIM = {"persistent-volume-claim.requests.storage": "50Gi"}
ROOTLESS = {"rootless": True}
FLAG = "--config=/etc/buildkit/buildkitd.toml"


def warnings(config: str = "debug = true\n", **instance: t.Any) -> list[str]:
    findings = Findings()
    normalise(
        [{"name": "multiarch", "driver": "kubernetes", "image": "a/buildkit:v0.32.2-rootless", **instance}],
        rendering=lambda _version: Rendered(config, {}),
        variable="b",
        read_file=lambda path: path.encode(),
        findings=findings,
    )
    assert findings.problems == []
    return findings.warnings


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"driver_opts": {"rootless": False, "limits.ephemeral-storage": "1Gi"}}, [], id="as it should be"),
        pytest.param(
            {"driver_opts": CLAIM},
            ["b[0].driver_opts.persistent-volume-claim.requests.storage: buildx from 0.34 to 0.36 brings neither"],
            id="a claim hides the file",
        ),
        pytest.param({"driver_opts": CLAIM, "config": ""}, [], id="no file"),
        pytest.param({"driver_opts": CLAIM | ROOTLESS, "flags": [FLAG]}, [], id="a claim, rootless"),
        pytest.param(
            {"driver_opts": ROOTLESS, "flags": ["--debug"]},
            ["b[0].driver_opts.rootless: BuildKit reads ~/.config/buildkit/buildkitd.toml then"],
            id="rootless",
        ),
        pytest.param({"driver_opts": ROOTLESS, "flags": ["-config=/x"]}, [], id="rootless, one dash"),
        pytest.param({"driver_opts": ROOTLESS, "config": ""}, [], id="rootless without a file"),
        pytest.param(
            {"driver_opts": ROOTLESS, "flags": [FLAG], "image": f"docker.io/moby/buildkit:v9@sha256:{'0' * 64}"},
            ["b[0].driver_opts.rootless: docker.io/moby/buildkit:v9 is no rootless image, by its name, and starts"],
            id="rootless, with the image that is pinned",
        ),
        pytest.param(
            {"driver_opts": ROOTLESS, "flags": [FLAG], "image": f"r.test:5000/a@sha256:{'0' * 64}"},
            [],
            id="rootless, with an image by its digest",
        ),
        pytest.param(
            {"driver_opts": ROOTLESS, "flags": [FLAG], "image": "r.test/buildkit-rootless:1"},
            [],
            id="rootless by the name of the repository",
        ),
        pytest.param(
            {"driver_opts": {"requests.ephemeral-storage": "1Gi"}},
            ["b[0].driver_opts.requests.ephemeral-storage: buildx from 0.34 to 0.36 makes it the limit"],
            id="a request that is a limit",
        ),
        pytest.param(
            {"nodes": [{"name": "x", "driver_opts": {"replicas": 2}}, {"name": "y", "driver_opts": CLAIM}]},
            ["b[0].nodes[1].driver_opts.persistent-volume-claim.requests.storage: buildx from"],
            id="of one node",
        ),
        pytest.param(
            {"driver_opts": ROOTLESS, "flags": [FLAG], "nodes": [{"name": "y", "driver_opts": CLAIM}]},
            [],
            id="a node is as rootless as its builder",
        ),
    ],
)
def test_what_pods_lack(instance: dict[str, t.Any], told: list[str]) -> None:
    found = warnings(**instance)
    assert len(found) == len(told), found
    assert all(each.startswith(words) for each, words in zip(found, told, strict=True)), found
