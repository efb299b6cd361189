"""A builder on a scheduler whose nodes are other hosts, reached by ssh: checked first, spread by platform, mended."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest

from lab.certificates import CA
from lab.settings import HARBOR_NAME, IMAGES_FILE, REGISTRY_PASSWORD, ROBOT
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE, NODE_HOST, OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook

SCHEDULER, NATIVE, FOREIGN = OLDER_ENGINE, NODE_HOST, NEWER_ENGINE
ADDRESS = {host.name: str(host.address) for host in HOSTS}
BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
NODES = [
    {"host": NATIVE, "user": "ci", "platforms": ["amd64"]},
    {"host": FOREIGN, "user": "ci", "platforms": ["aarch64", "s390x"]},
]
# As the inventory has them, but without the login.
REGISTRIES = [
    {"host": "docker.io", "mirrors": ["mirror.lab.test:5000"]},
    {"host": "mirror.lab.test:5000", "ca": str(CA)},
    {"host": HARBOR_NAME, "ca": str(CA)},
]
BUILD = f"""
mkdir -p /var/tmp/both; printf 'FROM {BASE}\\nRUN uname -m\\n' > /var/tmp/both/Dockerfile
docker buildx build --progress plain --platform linux/amd64,linux/arm64 --tag {{image}} --push /var/tmp/both 2>&1
"""
TO_THE_MIRROR = BUILD.format(image="mirror.lab.test:5000/both:1")
# What a login leaves: the password, alone or as config.json has it, and what the lab's tokens all begin with.
PASSWORD = REGISTRY_PASSWORD.read_text().strip()
SECRETS = (PASSWORD, base64.b64encode(f"{ROBOT}:{PASSWORD}".encode()).decode(), "eyJ0eXAiOiAiSldUIiwgImFsZyI6")
HISTORIES = "buildctl debug histories --format '{{json .}}'"


def container(node: str) -> str:
    return f"buildx_buildkit_multiarch-{node}"


def provision(nodes: list[dict[str, Any]], *arguments: str, **more: Any) -> Run:
    """The scheduler alone, with a builder of *nodes*."""
    image = json.loads(IMAGES_FILE.read_text())["buildkit"]["reference"]
    variables = {
        "builder_concerns": ["engine", "trust", "daemon", "contexts", "buildx"],
        "builder_instances": [{"name": "multiarch", "image": image, "default": True, "nodes": nodes}],
        "builder_users": ["root"],
        "builder_platforms": ["amd64"],
        "builder_verify_repository": "",
        **more,
    }
    return playbook("provision-builders", *arguments, limit=SCHEDULER, variables=variables)


@pytest.fixture(scope="module")
def cluster() -> None:
    """Node hosts that trust the registries, without a login, one of them with emulators, and a scheduler that nobody
    knows yet."""
    lab("reset", SCHEDULER, NATIVE, FOREIGN)
    concerns = ["engine", "trust", "daemon"]
    variables: dict[str, Any] = {"builder_concerns": concerns, "builder_registries": REGISTRIES}
    assert playbook("provision-builders", limit=NATIVE, variables=variables).status == 0
    variables["builder_concerns"] = [*concerns, "binfmt"]
    assert playbook("provision-builders", limit=FOREIGN, variables=variables).status == 0


@pytest.mark.usefixtures("cluster")
def test_what_keeps_a_node_from_being_reached_is_told_with_what_helps_and_nothing_is_done() -> None:
    def told(words: str) -> None:
        run = provision(NODES)
        assert run.recap(SCHEDULER)["failed"] == 1
        assert run.recap(SCHEDULER)["changed"] == 0
        assert run.says(f"node multiarch-{FOREIGN} at ssh://ci@{ADDRESS[FOREIGN]}: {words}"), run.output

    told("its host key is not known: compare its fingerprint and add it")
    for host in (NATIVE, FOREIGN):
        on(SCHEDULER, f"ssh-keyscan -t ed25519 {ADDRESS[host]} >> ~/.ssh/known_hosts 2>/dev/null")
    told("it does not accept a key of root: create a key with `ssh-keygen`")
    public = on(SCHEDULER, "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519; cat ~/.ssh/id_ed25519.pub")
    for host in (NATIVE, FOREIGN):
        on(host, "cat >> ~ci/.ssh/authorized_keys", stdin=public)
    on(FOREIGN, "gpasswd --delete ci docker")
    told("its user may not use Docker: add the user to the group docker there")
    on(FOREIGN, "usermod --append --groups docker ci; systemctl stop ssh.socket ssh")
    told("it cannot be reached")
    on(FOREIGN, "systemctl start ssh")


@pytest.mark.usefixtures("cluster")
def test_a_build_runs_where_its_platform_is_at_home() -> None:
    run = provision(NODES)
    assert run.status == 0, run.output
    again = provision(NODES)
    assert again.recap(SCHEDULER)["changed"] == 0, again.output
    built = on(SCHEDULER, TO_THE_MIRROR)
    assert "aarch64" in built  # which this node alone can run: the other has no emulators
    assert "x86_64" in built
    assert "qemu" not in on(NATIVE, "ls /proc/sys/fs/binfmt_misc")
    for host in (NATIVE, FOREIGN):
        assert on(host, f"docker exec {container(host)} {HISTORIES}").strip() != "", host
    for host in (NATIVE, FOREIGN):
        assert "mirror.lab.test_5000" in on(host, f"docker exec {container(host)} ls /etc/buildkit/certs")


@pytest.mark.usefixtures("cluster")
def test_who_builds_is_logged_in_and_the_nodes_push_without_a_login_and_keep_no_secret() -> None:
    image = f"{HARBOR_NAME}/proof/cluster-{SCHEDULER}"
    for host in (NATIVE, FOREIGN):
        assert on(host, "ls ~/.docker/config.json ~ci/.docker/config.json 2>/dev/null || true") == ""
    begun = int(time.time())
    on(SCHEDULER, BUILD.format(image=image))
    index = json.loads(on(SCHEDULER, f"docker buildx imagetools inspect --raw {image}"))
    assert {"amd64", "arm64"} <= {each["platform"]["architecture"] for each in index["manifests"]}

    log = on("registry", f"journalctl --identifier nginx --output cat --since @{begun}").splitlines()
    repository = image.partition("/")[2]
    pushed = {line.split()[0] for line in log if re.search(f'"PUT /v2/{repository}/manifests/', line)}
    assert {ADDRESS[NATIVE], ADDRESS[FOREIGN]} <= pushed, log
    tokens = {line.split()[0] for line in log if "/service/token" in line and repository in line.replace("%2F", "/")}
    assert tokens == {ADDRESS[SCHEDULER]}, log

    assert files_with_secrets(SCHEDULER) == ["/root/.docker/config.json"]
    for host in (NATIVE, FOREIGN):
        assert files_with_secrets(host) == []


def files_with_secrets(host: str) -> list[str]:
    """Files of that host, those of containers included, and processes that hold what a login leaves."""
    looked_at = "/etc /home /opt /root /run /srv /tmp /usr/local /var /proc/[0-9]*/environ /proc/[0-9]*/cmdline"
    found = on(host, f"grep -rlasF -f - --devices=skip {looked_at} || true", stdin="\n".join((*SECRETS, "")))
    return sorted(found.split())


@pytest.mark.usefixtures("cluster")
def test_a_node_is_taken_away_and_comes_back_with_its_cache() -> None:
    run = provision(NODES[:1])
    assert run.status == 0, run.output
    assert run.says(f"take node multiarch-{FOREIGN} at ssh://ci@{ADDRESS[FOREIGN]} off builder multiarch")
    assert on(FOREIGN, f"docker ps --all --quiet --filter name={container(FOREIGN)}") == ""
    assert on(NATIVE, f"docker ps --quiet --filter name={container(NATIVE)}") != ""

    run = provision(NODES)
    assert run.status == 0, run.output
    assert run.says(f"node multiarch-{FOREIGN} is not in the store")
    built = on(SCHEDULER, TO_THE_MIRROR)
    assert [line for line in built.splitlines() if "CACHED" in line] != [], built


@pytest.mark.usefixtures("cluster")
def test_a_container_that_got_lost_on_a_node_is_made_again_and_a_lost_node_is_told() -> None:
    on(NATIVE, f"docker rm --force {container(NATIVE)}")
    run = provision(NODES)
    assert run.status == 0, run.output
    assert run.says(f"start builder multiarch: its container does not run (multiarch-{NATIVE})")
    assert on(NATIVE, f"docker ps --quiet --filter name={container(NATIVE)}") != ""

    on(FOREIGN, "systemctl stop ssh.socket ssh")
    run = provision(NODES)
    assert run.recap(SCHEDULER)["failed"] == 1
    assert run.says("it cannot be reached: check that the host is up")
    run = provision(NODES[:1])
    assert run.status == 0, run.output
    assert run.says(f"node multiarch-{FOREIGN} is lost")
    on(FOREIGN, "systemctl start ssh")


@pytest.mark.usefixtures("cluster")
@pytest.mark.thorough
def test_a_node_that_cannot_be_made_does_the_builder_no_harm_and_one_may_be_a_context() -> None:
    entry = "cat ~/.docker/buildx/instances/multiarch"
    assert provision(NODES[:1]).status == 0
    before = on(SCHEDULER, entry)
    cut = "OUTPUT --proto tcp --dport 5000 --jump REJECT"
    on(FOREIGN, f"docker rm --force {container(FOREIGN)}; docker rmi --force $(docker images --quiet moby/buildkit)")
    on(FOREIGN, f"iptables --append {cut}")
    run = provision(NODES)
    assert run.recap(SCHEDULER)["failed"] == 1
    assert on(SCHEDULER, entry) == before
    assert on(NATIVE, f"docker ps --quiet --filter name={container(NATIVE)}") != ""
    on(FOREIGN, f"iptables --delete {cut}")

    nodes = [NODES[0], {"context": "foreign", "platforms": ["aarch64"]}]
    run = provision(nodes)
    assert run.says("node multiarch-foreign at foreign: there is no docker context of that name"), run.output
    contexts = [{"name": "foreign", "host": f"ssh://ci@{ADDRESS[FOREIGN]}"}]
    run = provision(nodes, "--check", builder_contexts=contexts)
    assert run.status == 0, run.output
    assert run.says("node multiarch-foreign was not asked yet as root: this run writes context foreign"), run.output
    run = provision(nodes, builder_contexts=contexts)
    assert run.status == 0, run.output
    assert "aarch64" in on(SCHEDULER, TO_THE_MIRROR)
    assert on(FOREIGN, f"docker ps --quiet --filter name={container('foreign')}") != ""

    run = provision(nodes)
    assert run.says("context foreign of root is kept, as long as builder multiarch has a node there"), run.output
    run = provision(NODES[:1])
    assert run.status == 0, run.output
    assert run.says("remove context foreign of root, no longer asked for"), run.output
    assert not run.says("context foreign of root is kept"), run.output
    assert on(FOREIGN, f"docker ps --all --quiet --filter name={container('foreign')}") == ""
    assert "foreign" not in on(SCHEDULER, "docker context ls")
