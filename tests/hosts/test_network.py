"""One setting for the proxy and one for the name servers, for dockerd, BuildKit and RUN steps."""

from __future__ import annotations

import json

import pytest

from lab.settings import IMAGES_FILE
from lab.topology import HOSTS
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.lab import lab, on, playbook
from tests.hosts.own_proxy import LOG, start_proxy

BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
PASSWORD = "s3cret/with:signs"
QUOTED = "s3cret%2Fwith%3Asigns"
PROXIES = "docker info --format '{{.HTTPSProxy}} {{.NoProxy}}'"
LEAST = {"builder_users": ["root"], "builder_platforms": ["amd64"], "builder_concerns": ["trust", "daemon", "buildx"]}
BUILD = f"""
folder=$(mktemp -d /var/tmp/build.XXXX); cd $folder
printf 'FROM {BASE}\\nRUN env; cat /etc/resolv.conf\\n' > Dockerfile
docker buildx build --no-cache --tag mirror.lab.test:5000/test/network:1 --push --progress plain . 2>&1
"""


@pytest.fixture(scope="module")
def host() -> str:
    """A host for all tests: each describes all of it."""
    lab("reset", OLDER_ENGINE)
    return OLDER_ENGINE


def test_one_setting_for_the_proxy_reaches_dockerd_buildkit_and_run_steps_and_goes_again(host: str) -> None:
    address = str(next(each.address for each in HOSTS if each.name == host))
    variables = {**LEAST, "builder_proxy": start_proxy(host, PASSWORD)}
    run = playbook("provision-builders", "--diff", "-vvv", limit=host, variables=variables)
    assert run.status == 0, run.output
    assert [secret for secret in (PASSWORD, QUOTED) if secret in run.output] == []
    assert playbook("provision-builders", limit=host, variables=variables).recap(host)["changed"] == 0

    assert on(host, PROXIES).split() == [f"http://xxxxx:xxxxx@{address}:3128", "direct.lab.test"]
    assert on(host, "stat --format %a /etc/docker/daemon.json").strip() == "600"
    on(host, f"rm {LOG}; docker pull --quiet mirror.lab.test:5000/library/busybox:1.37.0-debian")
    assert on(host, f"cat {LOG}").split()[:2] == [address, "mirror.lab.test:5000"]

    on(host, f"rm {LOG}")
    built = on(host, BUILD)
    assert f"https_proxy=http://ci:{QUOTED}@{address}:3128" in built
    assert "no_proxy=direct.lab.test" in built
    # the container of BuildKit has an address of its own, which is not masqueraded towards this host
    tunnels = on(host, f"cat {LOG}").splitlines()
    assert [line for line in tunnels if line.startswith("172.17.") and line.endswith(" mirror.lab.test:5000")], tunnels

    assert playbook("provision-builders", limit=host, variables=LEAST).status == 0
    assert on(host, PROXIES).split() == []
    assert "proxies" not in on(host, "cat /root/.docker/config.json")
    assert "https_proxy" not in on(host, BUILD)


def test_one_setting_for_the_name_servers_reaches_containers_and_run_steps(host: str) -> None:
    server = str(next(each.address for each in HOSTS if each.is_registry))
    variables = {**LEAST, "builder_dns": [server], "builder_buildkit_options": {"dns": {"options": ["ndots:2"]}}}
    assert playbook("provision-builders", limit=host, variables=variables).status == 0
    assert on(host, f"docker run --rm {BASE} cat /etc/resolv.conf").count(f"nameserver {server}") == 1
    toml = on(host, "docker exec buildx_buildkit_multiarch0 cat /etc/buildkit/buildkitd.toml")
    assert f'nameservers = ["{server}"]' in toml
    assert 'options = ["ndots:2"]' in toml
    assert f"nameserver {server}" in on(host, BUILD)
