"""A dockerd that does not run: looked at without starting it, started when that is asked."""

from __future__ import annotations

from tests.hosts.lab import on, playbook

ONLY_ENGINE = {"builder_concerns": ["engine"]}
STATE = "systemctl is-active docker || true"


def test_check_mode_does_not_start_docker_through_its_socket_and_a_run_does(spare: str) -> None:
    on(spare, "systemctl stop docker.service; systemctl is-active docker.socket")
    run = playbook("provision-builders", "--check", limit=spare)
    assert run.status == 0, run.output
    assert run.says("start docker, which is installed but not running")
    assert on(spare, STATE).strip() == "inactive"

    run = playbook("provision-builders", limit=spare, variables=ONLY_ENGINE)
    assert run.status == 0, run.output
    assert on(spare, STATE).strip() == "active"
