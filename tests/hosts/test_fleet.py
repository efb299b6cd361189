"""Hosts that cannot be provisioned fail alone, say why, and the next run finishes them."""

from __future__ import annotations

from tests.hosts.lab import lab, on, playbook

# The two platforms that are looked at, without a base image, so that a proof of two hosts is short.
VARIABLES = {"builder_platforms": ["amd64", "s390x"], "builder_verify_base": "scratch"}


def test_a_host_that_is_down_fails_alone_and_is_finished_by_the_next_run_and_lasts(spare: str, newer: str) -> None:
    on(spare, "systemctl stop ssh.socket 2>/dev/null; systemctl stop ssh")
    run = playbook("provision-builders", limit=f"{spare},{newer}", variables=VARIABLES)
    assert run.recap(spare)["unreachable"] == 1
    assert (run.recap(newer)["failed"], run.recap(newer)["unreachable"]) == (0, 0)

    on(spare, "systemctl start ssh")
    run = playbook("provision-builders", limit=f"{spare},{newer}", variables=VARIABLES)
    assert run.status == 0, run.output
    assert run.recap(newer)["changed"] == 0
    line = next(each for each in run.output.splitlines() if each.startswith(f"{spare}: changed: "))
    assert [each for each in ("trust", "daemon", "binfmt", "buildx", "proven") if each not in line] == []

    lab("reboot", spare)
    assert "enabled" in on(spare, "head -n 1 /proc/sys/fs/binfmt_misc/qemu-s390x")
    assert on(spare, "docker inspect --format '{{.State.Running}}' buildx_buildkit_multiarch0").strip() == "true"
    assert playbook("provision-builders", limit=spare, variables=VARIABLES).recap(spare)["changed"] == 0
