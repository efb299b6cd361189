"""A scheduler whose users reach a node with keys that were made for it, and with nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.settings import IMAGES_FILE
from lab.topology import HOSTS
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook

SCHEDULER, NODE = OLDER_ENGINE, NEWER_ENGINE
BOTH = f"{SCHEDULER},{NODE}"
ALIAS = f"{NODE}.multiarch-builders"
IMAGES = json.loads(IMAGES_FILE.read_text())
KNOWN = Path(os.environ.get("MULTIARCH_LAB_STATE") or "/var/lib/multiarch-lab", "ssh/known_hosts")
ADDRESS = {host.name: str(host.address) for host in HOSTS}
KEY, CONFIG = "~ci/.ssh/multiarch-builders", "/etc/ssh/ssh_config.d/10-multiarch-builders.conf"
AUTHORIZED, DROP_IN = "~ci/.ssh/authorized_keys", "/etc/ssh/sshd_config.d/00-multiarch-builders.conf"
FOREIGN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5zqkIe2Y5vC0Qp7nq0yQb7b1mYkM0b3Ck1dJmJ3n0A jane@laptop"
NODES = [{"host": NODE, "user": "ci", "platforms": ["amd64"]}]
RENEWED = {"sshd_limits": True, "renew_before": "2020-01-01"}
# What a run of these tests could leave.
TRACES = (
    "ls -d ~ci/.ssh ~root/.ssh/multiarch* /etc/ssh/*multiarch* /etc/ssh/*/*multiarch* /var/lib/multiarch-builders"
    " 2>/dev/null || true"
)
BUILD = f"""
mkdir -p /var/tmp/there; printf 'FROM {IMAGES["base"]["reference"]}\\nRUN uname\\n' > /var/tmp/there/Dockerfile
su - ci -c 'docker buildx build --no-cache --progress plain --platform linux/amd64 /var/tmp/there' 2>&1
"""
HISTORIES = "buildctl debug histories --format '{{json .}}'"


def provision(*arguments: str, limit: str = BOTH, keys: bool = True, nodes: Any = NODES, **more: Any) -> Run:
    """Both hosts, or one of them; the node has no builder of its own."""
    concerns = f"{{{{ ['engine', 'trust', 'daemon', 'buildx', 'ssh'] if inventory_hostname == '{SCHEDULER}'"
    variables = {
        "builder_concerns": f"{concerns} else ['engine', 'trust', 'daemon', 'ssh'] }}}}",
        "builder_instances": [
            {"name": "multiarch", "image": IMAGES["buildkit"]["reference"], "default": True, "nodes": nodes}
        ],
        "builder_users": ["ci", "root"],
        "builder_platforms": ["amd64"],
        "builder_verify_repository": "",
        "builder_ssh_keys": keys,
        "builder_ssh_options": {"sshd_limits": True},
        **more,
    }
    return playbook("provision-builders", *arguments, limit=limit, variables=variables)


def as_ci(command: str) -> str:
    """What a command of user ci on the scheduler says, and whether it succeeds (`status=0`)."""
    return on(SCHEDULER, f"su - ci -c {json.dumps(command)} </dev/null 2>&1 && echo status=0 || echo failed")


def authorised() -> list[str]:
    return on(NODE, f"cat {AUTHORIZED}").splitlines()


@pytest.fixture(scope="module")
def hosts() -> None:
    """Two hosts that know nothing of each other; a key of someone else is authorised on the node."""
    lab("reset", SCHEDULER, NODE)
    on(SCHEDULER, "rm -rf ~ci/.ssh")
    on(NODE, f"install -d -o ci -g ci -m 700 ~ci/.ssh; echo '{FOREIGN}' > {AUTHORIZED}; chown ci:ci {AUTHORIZED}")
    assert on(SCHEDULER, TRACES) == ""


@pytest.mark.usefixtures("hosts")
def test_check_mode_says_what_would_be_done_and_does_nothing() -> None:
    run = provision("--check")
    assert run.status == 0, run.output
    assert run.says(f"make an ssh key for ci, for docker's connections to {NODE} alone: {KEY}")
    assert run.says(f"authorise the keys of ci, root on {NODE}, as its user ci, for docker's connections alone")
    assert on(SCHEDULER, TRACES) == ""
    assert authorised() == [FOREIGN]


@pytest.mark.usefixtures("hosts")
def test_users_without_a_key_of_their_own_build_on_the_node() -> None:
    run = provision()
    assert run.status == 0, run.output
    again = provision()
    assert [again.recap(host)["changed"] for host in (SCHEDULER, NODE)] == [0, 0], again.output
    assert on(SCHEDULER, "ls ~ci/.ssh").split() == ["multiarch-builders"]
    container = f"buildx_buildkit_multiarch-{NODE}"
    before = on(NODE, f"docker exec {container} {HISTORIES}").splitlines()  # the proof's
    assert "Linux" in on(SCHEDULER, BUILD)
    assert len(on(NODE, f"docker exec {container} {HISTORIES}").splitlines()) > len(before) > 0
    assert on(SCHEDULER, "docker ps --quiet --filter name=buildx_buildkit") == ""
    assert len(authorised()) == 3
    assert "MaxStartups 12:30:120" in on(NODE, f"cat {DROP_IN}")
    assert "maxstartups 12:30:120" in on(NODE, "sshd -T").lower()


@pytest.mark.usefixtures("hosts")
@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (f"ssh {ALIAS} -l ci id", ""),  # sshd starts another program, which has no request to answer
        (f"ssh -o LogLevel=INFO -l ci -W localhost:22 {ALIAS}", "administratively prohibited"),
        (
            f"ssh -l ci -o ClearAllForwardings=no -o ExitOnForwardFailure=yes -R 2222:localhost:22 {ALIAS}",
            "remote port forwarding failed",
        ),
        (f"ssh -o LogLevel=INFO -tt -l ci {ALIAS}", "PTY allocation request failed"),
        (f"scp /etc/hostname ci@{ALIAS}:stolen", ""),
    ],
    ids=["program", "forward", "remote forward", "terminal", "copy"],
)
def test_the_key_is_for_docker_alone(command: str, refusal: str) -> None:
    said = as_ci(f"timeout 4 {command}")
    assert refusal in said
    assert "uid=" not in said
    assert "SSH-2.0" not in said
    assert on(NODE, "ls ~ci | grep stolen || true") == ""


@pytest.mark.usefixtures("hosts")
def test_the_users_own_connections_are_not_changed() -> None:
    assert "Permission denied" in as_ci(f"ssh -o StrictHostKeyChecking=no -o BatchMode=yes ci@{ADDRESS[NODE]} id")
    on(SCHEDULER, "rm -f ~ci/.ssh/known_hosts*")


@pytest.mark.usefixtures("hosts")
def test_without_the_node_in_the_run_a_message_says_so() -> None:
    on(SCHEDULER, f"rm {KEY}")
    run = provision(limit=SCHEDULER)
    assert run.recap(SCHEDULER)["failed"] == 1
    assert run.says(f"run the playbook for this host and {NODE} together"), run.output
    assert len(authorised()) == 3


@pytest.mark.usefixtures("hosts")
@pytest.mark.thorough
def test_what_was_changed_on_both_sides_is_mended_and_an_old_key_renewed() -> None:
    mine = authorised()
    on(NODE, f"sed -i 's/^restrict,//' {AUTHORIZED}")
    record = "/var/lib/multiarch-builders/ssh_keys.json"
    on(SCHEDULER, f'rm {CONFIG}; sed -i \'s/"made": "2/"made": "1/\' {record}')
    run = provision(builder_ssh_options=RENEWED)
    assert run.status == 0, run.output
    assert run.says("renew the ssh key of ci")
    now = authorised()
    assert {*now} & {*mine} == {FOREIGN}
    assert [line.startswith('restrict,command="docker system dial-stdio" ') for line in now] == [False, True, True]
    assert on(SCHEDULER, f"ls {KEY}* ~root/.ssh/multiarch*").split() == [
        "/home/ci/.ssh/multiarch-builders",
        "/root/.ssh/multiarch-builders",
    ]
    assert "status=0" in as_ci(f"docker --host ssh://ci@{ALIAS} version")


@pytest.fixture(scope="module")
def ansible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The node gets another host key, which Ansible gets to know: the variables for that."""
    folder, kept = "/etc/ssh", "/var/tmp/kept"
    on(NODE, f"mkdir {kept}; mv {folder}/ssh_host_* {kept}; ssh-keygen -A; systemctl restart ssh")
    keys = on(NODE, f"cat {folder}/ssh_host_*_key.pub").splitlines()
    lines = [line for line in KNOWN.read_text().splitlines() if ADDRESS[NODE] not in line.split()[0].split(",")]
    known = tmp_path_factory.mktemp("ssh") / "known_hosts"
    known.write_text("\n".join((*lines, *(f"{ADDRESS[NODE]} {key}" for key in keys), "")))
    options = f"-F none -o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes -o ControlPath=none"
    yield {"ansible_ssh_common_args": options}
    on(NODE, f"rm {folder}/ssh_host_*; mv {kept}/* {folder}; rmdir {kept}; systemctl restart ssh")


@pytest.mark.usefixtures("hosts")
def test_another_host_key_is_refused_until_a_run_has_seen_it(ansible: dict[str, Any]) -> None:
    assert "Host key verification failed" in as_ci(f"docker --host ssh://ci@{ALIAS} version")
    run = provision(**ansible)
    assert run.status == 0, run.output
    blob = on(NODE, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(blob)).digest()).decode().rstrip("=")
    assert run.says(f"{NODE} has other host keys than before: ")
    assert f"ssh-ed25519 SHA256:{digest}" in run.output
    assert "status=0" in as_ci(f"docker --host ssh://ci@{ALIAS} version")


@pytest.mark.thorough
@pytest.mark.usefixtures("hosts")
def test_who_leaves_a_node_loses_its_authorisation_with_the_next_run(ansible: dict[str, Any]) -> None:
    run = provision(keys=False, nodes=[], **ansible)
    assert run.status == 0, run.output
    assert on(NODE, "docker ps --all --quiet --filter name=buildx_buildkit") == ""
    assert on(SCHEDULER, f"ls -d ~ci/.ssh {CONFIG} 2>/dev/null || true") == ""
    run = provision(keys=False, nodes=[], **ansible)
    assert run.says(f"no longer authorise ci of {SCHEDULER}, root of {SCHEDULER}: {AUTHORIZED}"), run.output
    assert authorised() == [FOREIGN]
    assert on(NODE, f"ls {DROP_IN} 2>/dev/null || true") == ""
    assert provision(**ansible).status == 0


@pytest.mark.usefixtures("hosts")
def test_retiring_leaves_nothing_on_both(ansible: dict[str, Any]) -> None:
    for host in (SCHEDULER, NODE):
        run = playbook("retire-builders", limit=host, variables=ansible)
        assert run.status == 0, run.output
    assert on(SCHEDULER, TRACES) == ""
    assert on(NODE, TRACES) == "/home/ci/.ssh\n"
    assert authorised() == [FOREIGN]
    assert on(NODE, "docker ps --all --quiet --filter name=buildx_buildkit") == ""
    assert "maxstartups 10:30:100" in on(NODE, "sshd -T").lower()
