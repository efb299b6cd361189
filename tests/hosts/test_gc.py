"""One setting for the build cache's size: dockerd and builders run with it, and say so."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from tests.hosts.lab import on, playbook
from tests.hosts.real_images import is_stand_in

LEAST = {
    "builder_users": ["root"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_verify_repository": "",
}
DAEMON = {
    "26.1": {"enabled": True, "defaultKeepStorage": "5GB"},
    "28.5": {"enabled": True, "defaultReservedSpace": "2GB", "defaultMaxUsedSpace": "5GB"},
}
WORKER = {"reservedSpace": "2GB", "maxUsedSpace": "5GB"}
# The lab's stand-in does not say which BuildKit it is, so the names of all versions are there.
OLDER_TOO = {**WORKER, "gckeepstorage": "5GB"}
# The last of four policies of dockerd's own BuildKit, as it shows them; Docker 26.1 has one number for all sizes.
LAST = {
    "26.1": {"All": "true", "Keep Bytes": "5GiB"},
    "28.5": {"All": "true", "Reserved Space": "2GiB", "Max Used Space": "5GiB"},
}


def daemon_json(host: str) -> dict[str, Any]:
    return dict(json.loads(on(host, "cat /etc/docker/daemon.json")))


def builder_toml(host: str) -> dict[str, Any]:
    return tomllib.loads(on(host, "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml"))


def policies(host: str) -> list[dict[str, str]]:
    """Those of dockerd's own BuildKit."""
    found = []
    for text in on(host, "docker buildx inspect default").split("GC Policy rule#")[1:]:
        pairs = (line.partition(":") for line in text.splitlines()[1:])
        found.append({name.strip(): value.strip() for name, _colon, value in pairs if value.strip()})
    return found


@pytest.mark.both_engines
def test_one_setting_reaches_dockerd_and_the_builder_and_goes_again(
    engine: str, request: pytest.FixtureRequest
) -> None:
    version = request.node.callspec.params["engine"]
    variables = {**LEAST, "builder_gc": {"keep": "2GB", "max": "5GB"}}
    run = playbook("provision-builders", "--diff", limit=engine, variables=variables)
    assert run.status == 0, run.output
    assert playbook("provision-builders", limit=engine, variables=variables).recap(engine)["changed"] == 0

    assert daemon_json(engine)["builder"] == {"gc": DAEMON[version]}
    assert builder_toml(engine)["worker"] == {"oci": OLDER_TOO if is_stand_in("buildkit") else WORKER}
    assert "Status: running" in " ".join(on(engine, "docker buildx inspect multiarch").split())
    shown = policies(engine)
    assert (len(shown), shown[-1]) == (4, LAST[version])

    variables["builder_gc"] = {"max": "5GB", "unused_for": 172800}
    run = playbook("provision-builders", limit=engine, variables=variables)
    assert run.status == 0, run.output
    unused, limit, last = policies(engine)
    assert unused.pop("Keep Duration").startswith("48h0m0")
    assert unused == {"All": "false"}, "no size keeps what was not used for so long"
    assert "5GiB" in limit.values()
    assert last == {**limit, "All": "true"}
    assert len(builder_toml(engine)["worker"]["oci"]["gcpolicy"]) == 4

    assert playbook("provision-builders", limit=engine, variables=LEAST).status == 0
    assert "builder" not in daemon_json(engine)
    assert "worker" not in builder_toml(engine)
