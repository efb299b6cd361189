"""daemon.json as people have it: read as dockerd reads it, and all about it stays that is not asked for."""

from __future__ import annotations

from tests.hosts.daemon import PATH, content, provisioned, write
from tests.hosts.lab import on, playbook, snapshot

USERS = "cat /etc/passwd /etc/group /etc/subuid /etc/subgid"


def test_a_byte_order_mark_an_owner_and_a_group(engine: str) -> None:
    write(engine, '\ufeff{"debug": false}')
    on(engine, f"chgrp docker {PATH}; chmod 640 {PATH}; systemctl restart docker")
    before = on(engine, f"sha256sum {PATH}")
    provisioned(engine, registries=[], daemon_options={"labels": ["a=b"]})
    assert content(engine).startswith("\ufeff{")
    assert on(engine, f"stat --format '%U %G %a' {PATH}").strip() == "root docker 640"
    assert "a=b" in on(engine, "docker info --format '{{.Labels}}'")
    run = playbook("retire-builders", limit=engine, variables={"builder_allow_image_store_switch": True})
    assert run.status == 0, run.output
    assert on(engine, f"sha256sum {PATH}") == before


def test_a_plan_makes_no_user(engine: str) -> None:
    options = {"userns-remap": "default", "features": {"containerd-snapshotter": None}}
    variables = {"builder_concerns": ["daemon"], "builder_daemon_options": options}
    before = (on(engine, USERS), snapshot(engine))
    run = playbook("provision-builders", "--check", "--diff", limit=engine, variables=variables)
    assert run.status == 0, run.output
    assert run.says('userns-remap: absent → "default"')
    assert (on(engine, USERS), snapshot(engine)) == before
