"""Check mode is the whole plan, and changes nothing; a host with nothing to do costs one small program."""

from __future__ import annotations

import re
from pathlib import Path

from tests.hosts.lab import on, playbook, snapshot

README = (Path(__file__).parents[2] / "README.md").read_text()

PLANNED = [
    "write /etc/docker/certs.d/harbor.lab.test/ca.crt",
    "refresh the operating system's trust store",
    "log root in to harbor.lab.test as robot$ci",
    'write /etc/docker/daemon.json: features.containerd-snapshotter: absent → true; registry-mirrors: absent → ["https',
    "restart docker: ",
    "take qemu-aarch64, qemu-riscv64, qemu-s390x out of docker.io/tonistiigi/binfmt:",
    "register handler qemu-s390x for linux/s390x",
    "create builder multiarch for root, ci: not in the store",
    "select multiarch as the builder of ci, in place of default",
    '+        "containerd-snapshotter": true',
    '+mirrors = ["mirror.lab.test:5000"]',
]


def shown_in_the_readme() -> list[str]:
    """The parts of the plan there, as … stands for what is left out."""
    (block,) = re.findall(r"<!-- a plan.*?```text\n(.*?)```", README, re.DOTALL)
    return [part for part in re.split(r"\n?- |…\)?|\n", block) if part.strip()]


def test_check_mode_on_a_fresh_host_shows_the_whole_plan_and_changes_nothing(spare: str) -> None:
    before = snapshot(spare)
    run = playbook("provision-builders", "--check", "--diff", limit=spare)
    assert run.status == 0, run.output
    assert [each for each in (*PLANNED, *shown_in_the_readme()) if not run.says(each)] == [], run.output
    assert run.recap(spare)["changed"] == 1
    assert snapshot(spare) == before


def test_a_host_with_nothing_to_do_executes_one_program_and_stays_as_it_is() -> None:
    for _turn in ("what differs", "a full plan, which leaves a trace"):
        playbook("provision-builders", limit="builder-2")
    before = snapshot("builder-2")
    cursor = (
        on("builder-2", "journalctl --sync; journalctl --lines=0 --show-cursor --quiet").split("cursor: ")[-1].strip()
    )
    run = playbook("provision-builders", limit="builder-2")
    assert run.recap("builder-2")["changed"] == 0, run.output
    # sudo itself logs every command that it starts on this host
    log = on("builder-2", f"journalctl --sync; journalctl --after-cursor='{cursor}' _COMM=sudo --output=cat --no-pager")
    started = [line for line in log.splitlines() if "COMMAND=" in line and "BECOME-SUCCESS" in line]
    assert len(started) == 1, log
    assert snapshot("builder-2") == before


def test_the_playbook_for_trust_plans_nothing_else(spare: str) -> None:
    run = playbook("trust-registries", "--check", limit=spare)
    assert run.status == 0, run.output
    assert "register handler" not in run.output
    assert [each for each in ("certs.d", "daemon.json", "create builder") if each not in run.output] == [], run.output
