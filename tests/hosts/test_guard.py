"""The guard on a host: what jobs do to it between two runs is put right by systemd's own timer."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from tests.hosts.daemon import base, build_status, start_build
from tests.hosts.emulation import binfmt, require_emulation
from tests.hosts.lab import Run, on, playbook
from tests.hosts.test_retire import snapshot

SERVICE, TIMER = "multiarch-builders-guard.service", "multiarch-builders-guard.timer"
REGISTRY, SEEN = "/proc/sys/fs/binfmt_misc", "/run/multiarch-builders-guard/seen"
METRICS = "/var/lib/prometheus/node-exporter/multiarch_builders.prom"
OURS, THEIRS = "qemu-s390x", "stranger"
NODE = 'builder="multiarch",node="multiarch0"'
# A handler of somebody else; it catches files that end with .stranger.
STRANGER = f"cp /bin/true /opt/stranger; echo ':{THEIRS}:E::{THEIRS}::/opt/stranger:F' > {REGISTRY}/register"
IN_BUILD = "sleep 1004"


def run(host: str, name: str, *arguments: str, **variables: Any) -> Run:
    """A playbook on the host, which has to succeed; *variables* without `builder_`."""
    given = {
        "platforms": ["amd64", "s390x"],
        "users": ["root"],
        "guard": True,
        "verify_repository": "",
        "verify_trust": False,
        **variables,
    }
    found = playbook(name, *arguments, limit=host, variables={f"builder_{key}": value for key, value in given.items()})
    assert found.status == 0, found.output
    return found


def guard(host: str) -> None:
    """Have it run now, whatever it saw last; a run that is under way may have looked already."""
    on(host, f"systemctl stop {SERVICE}; rm -f {SEEN}")
    on(host, f"systemctl start {SERVICE} || {{ journalctl --unit {SERVICE} >&2; exit 1; }}")


def metrics(host: str) -> dict[str, str]:
    """{name without prefix, with labels: value}."""
    lines = [line for line in on(host, f"cat {METRICS}").splitlines() if not line.startswith("#")]
    return {name.removeprefix("multiarch_builders_"): value for name, value in (line.rsplit(" ", 1) for line in lines)}


def handler(host: str, name: str) -> str:
    return on(host, f"cat {REGISTRY}/{name} 2>/dev/null || true")


def healed(host: str) -> float:
    """Wait for our handler; how many seconds that took."""
    began = time.monotonic()
    while not handler(host, OURS):
        assert time.monotonic() - began < 180, on(host, f"journalctl --unit {SERVICE}; systemctl status {TIMER}")
        time.sleep(1)
    return time.monotonic() - began


def require_metrics(spare: str) -> None:
    guard(spare)
    found = metrics(spare)
    expected = {
        f'handler{{platform="linux/s390x",handler="{OURS}",owner="managed"}}': "1",
        f'guard_heals_total{{handler="{OURS}"}}': "2",
        f'node_state{{{NODE},state="running"}}': "1",
        f'builds{{{NODE},state="running"}}': "0",
        "guard_limited": "0",
        "docker_up": "1",
        'proof_passed{proof="builds"}': "1",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert int(found[f'builds{{{NODE},state="succeeded"}}']) >= 2, "the proof's, and that of the other job"
    free = int(on(spare, "df --output=avail --block-size=1 /var/lib/docker | tail -n 1"))
    assert abs(int(found['disk_free_bytes{disk="docker",path="/var/lib/docker"}']) - free) < 10**9


def require_known(spare: str, folder: Path) -> None:
    """The plan, the report and the verification know of the guard."""
    again = run(spare, "provision-builders")
    assert again.recap(spare)["changed"] == 0
    run(spare, "report-builders", report_dest=str(folder))
    (told,) = json.loads((folder / "builders.json").read_text())["hosts"]
    assert (told["guard"]["running"], told["guard"]["heals"], told["guard"]["healed"]) == (True, 2, [OURS])
    on(spare, f"systemctl stop {TIMER}")
    stopped = playbook(
        "verify-builders",
        limit=spare,
        variables={"builder_guard": True, "builder_concerns": ["guard"], "builder_verify_trust": False},
    )
    assert stopped.status != 0
    assert stopped.says(f"start {TIMER}, now and at each boot"), stopped.output
    run(spare, "provision-builders")
    assert on(spare, f"systemctl is-active {TIMER}") == "active\n"
    assert re.search(r"exposure level for \S+: [0-3]\.", on(spare, f"systemd-analyze security --no-pager {SERVICE}"))


def require_no_fight(spare: str) -> None:
    """A job that resets handlers all the time is left alone, and told of."""
    run(spare, "provision-builders", guard_options={"heals_per_hour": 1})
    on(spare, f"systemctl stop {TIMER}")
    binfmt(spare, "--uninstall", "qemu-*")
    guard(spare)
    assert handler(spare, OURS) == ""
    assert metrics(spare)["guard_limited"] == "1"
    assert run(spare, "provision-builders", "--check", guard_options={"heals_per_hour": 1}).says(
        "the guard has waited since"
    )


def test_a_host_between_two_runs(engine: str, tmp_path: Path) -> None:
    on(engine, f"mkdir -p {METRICS.rpartition('/')[0]}; {STRANGER}; docker buildx inspect >/dev/null")
    before = snapshot(engine)
    checked = run(engine, "provision-builders", "--check")
    assert checked.says(f"start {TIMER}, now and at each boot")
    assert snapshot(engine) == before
    run(engine, "provision-builders")
    assert run(engine, "provision-builders").recap(engine)["changed"] == 0

    # A job resets the handlers while another one builds.
    theirs = handler(engine, THEIRS)
    ours = handler(engine, OURS)
    start_build(engine, "of-another-job", f"{IN_BUILD}; echo slept")
    guard(engine)
    found = metrics(engine)
    assert found[f'builds{{{NODE},state="running"}}'] == "1"
    assert found["drift"] == "0"
    binfmt(engine, "--uninstall", "qemu-*")
    assert handler(engine, OURS) == ""
    assert healed(engine) < 75, "within a minute, on a machine that has other work"
    assert handler(engine, OURS) == ours
    assert handler(engine, THEIRS) == theirs
    require_emulation(engine, ["linux/s390x"])
    assert f"registered again: {OURS} (no handler)" in on(engine, f"journalctl --unit {SERVICE}")
    on(engine, f"pkill --full --exact '{IN_BUILD}'")
    assert build_status(engine, "of-another-job") == "0"

    # Another one replaces them with those of its container.
    for order in (["--uninstall", "qemu-*"], ["--install", "s390x"]):
        binfmt(engine, *order)
    assert handler(engine, OURS) not in ("", ours)
    guard(engine)
    assert handler(engine, OURS) == ours

    require_metrics(engine)
    require_known(engine, tmp_path)
    require_no_fight(engine)

    # Without it, nothing of it is left.
    run(engine, "provision-builders", guard=False)
    assert on(engine, f"ls -d /run/multiarch-builders-guard {METRICS} 2>/dev/null || true") == ""
    run(engine, "provision-builders")
    run(engine, "retire-builders", retire_volumes=True)
    on(engine, f"rm -rf /var/tmp/of-another-job*; docker rmi --force {base()} >/dev/null 2>&1 || true")
    assert sorted(set(snapshot(engine)) ^ set(before)) == []
    assert on(engine, "ls -d /run/multiarch-builders-guard 2>/dev/null || true") == ""
