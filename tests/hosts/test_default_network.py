"""docker's default network, switched off as on nodes of Kubernetes and hardened hosts: told before anything happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.settings import IMAGES_FILE
from tests.hosts.daemon import BUILDER, PATH, write
from tests.hosts.lab import Run, on, playbook, snapshot

IMAGE = json.loads(IMAGES_FILE.read_text())["buildkit"]["reference"]
LEAST = {
    "builder_users": ["root"],
    "builder_platforms": ["amd64"],
    "builder_concerns": ["trust", "daemon", "buildx"],
    "builder_disruption": "now",
}
INSTANCE = {"name": "multiarch", "image": IMAGE, "default": True}
IN_HOSTS_NETWORK = {"builder_instances": [{**INSTANCE, "driver_opts": {"network": "host"}}]}
REFUSED = "builder multiarch is in docker's default network: docker has no default network (`bridge: none`)"
WAY_OUT = "et `driver_opts: {network: host}` for it in builder_instances"


def provision(host: str, *arguments: str, **variables: Any) -> Run:
    return playbook("provision-builders", *arguments, limit=host, variables={**LEAST, **variables})


def restart(host: str, document: dict[str, Any]) -> None:
    """docker with *document* besides what daemon.json has, and nothing of an earlier firewall."""
    found = {**json.loads(on(host, f"cat {PATH} || echo '{{}}'")), **document}
    write(host, json.dumps({key: value for key, value in found.items() if value is not None}))
    on(host, "systemctl stop docker.socket docker; iptables --table nat --flush; systemctl start docker")


@pytest.mark.thorough
def test_a_host_without_it_is_refused_until_builders_have_the_hosts_network(engine: str) -> None:
    restart(engine, {"bridge": "none", "iptables": False})
    before = snapshot(engine)
    for arguments in (["--check"], []):
        run = provision(engine, *arguments)
        assert run.recap(engine)["failed"] == 1
        assert run.says(REFUSED), run.output
        assert run.says(WAY_OUT)
    assert snapshot(engine) == before

    run = provision(engine, **IN_HOSTS_NETWORK)
    assert run.status == 0, run.output  # it pulls, and pushes to harbor.lab.test
    assert provision(engine, **IN_HOSTS_NETWORK).recap(engine)["changed"] == 0


def test_the_variables_that_switch_it_off_are_refused(spare: str) -> None:
    before = snapshot(spare)
    run = provision(spare, builder_daemon_options={"bridge": "none"})
    assert run.recap(spare)["failed"] == 1
    assert run.says(REFUSED)
    assert snapshot(spare) == before


@pytest.mark.thorough
def test_a_builder_that_was_started_without_it_is_made_anew(spare: str) -> None:
    """dockerd goes on showing its network, and gives it none, even when `bridge: none` has gone."""
    assert provision(spare).status == 0
    restart(spare, {"bridge": "none"})
    assert playbook("verify-builders", limit=spare, variables=LEAST).says(REFUSED)
    restart(spare, {"bridge": None})
    assert "bridge" in on(spare, f"docker inspect --format '{{{{.NetworkSettings.Networks}}}}' {BUILDER}")
    run = provision(spare)
    assert run.status == 0, run.output
    assert run.says("recreate builder multiarch for root: the container has no network, as it was started while docker")


@pytest.mark.thorough
def test_a_network_that_nobody_masquerades_is_a_note_and_the_cause_of_the_failure(spare: str) -> None:
    assert provision(spare).status == 0
    restart(spare, {"iptables": False})
    on(spare, "iptables --insert FORWARD --in-interface docker0 --jump REJECT")  # which needs no minutes to fail
    asked = {**LEAST, "builder_verify_trust": True, "builder_verify_repository": ""}  # a push waits for minutes
    run = playbook("verify-builders", limit=spare, variables=asked)
    assert run.status != 0
    assert run.says("(docker's default network is not masqueraded (`iptables: false` or `ip-masq: false`)"), run.output
    assert run.says(f"If nothing else routes the builder's packets, s{WAY_OUT}"), run.output
    run = provision(spare, "--check")
    assert run.recap(spare)["failed"] == 0
    assert run.says(f"; else s{WAY_OUT}")
