"""What jobs leave on a host is removed by the guard; what builds, what is a user's and what is ours stays."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.daemon import base, build_status, start_build
from tests.hosts.lab import Run, on, playbook
from tests.hosts.test_guard import METRICS, SEEN, SERVICE, metrics

PROGRAM = "python3 -I /usr/local/sbin/multiarch-builders-guard"
KEPT = "/run/multiarch-builders-guard/sweep.json"
KILLED, BUSY = "sleep 1009", "sleep 1008"
CI = "runuser -u ci -- env HOME=/home/ci"
# Three jobs' builders that nobody will use again: of a killed build, of a store that is gone, without a container.
LEFT = f"""
options="--driver-opt image=$(docker inspect --format '{{{{.Config.Image}}}}' buildx_buildkit_multiarch0)"
cd /var/tmp
for name in builder-1 builder-3 mine; do {CI} docker buildx create --name $name $options; done
docker buildx create --name builder-4 $options
export BUILDX_CONFIG=$(mktemp --directory)
docker buildx create --name builder-2 --bootstrap $options
rm -r $BUILDX_CONFIG
docker volume create buildx_buildkit_builder-30_state
for text in one two; do echo $text > $text; tar --create $text | docker import - left:$text; done
docker tag left:two left:one; docker rmi left:two
"""
THERE = """
docker ps --all --format '{{.Names}}' | sort
docker volume ls --format '{{.Name}}' | sort
find /root /home/ci -path '*/.docker/buildx/instances/*' | sort
docker images --filter dangling=true --quiet
"""
OURS = ["buildx_buildkit_multiarch0", "buildx_buildkit_multiarch0_state"]
ENTRIES = ["/home/ci/.docker/buildx/instances/mine", "/home/ci/.docker/buildx/instances/multiarch"]
ENTRIES += ["/root/.docker/buildx/instances/multiarch"]
JOBS = {"after": "1s", "patterns": ["builder-*"]}


def provision(host: str, *arguments: str, sweep: dict[str, Any] | None, **variables: Any) -> Run:
    given = {
        "platforms": ["amd64"],
        "users": ["root", "ci"],
        "concerns": ["engine", "trust", "daemon", "buildx", "guard"],
        "verify_repository": "",
        "verify_trust": False,
        "inherit": {"enabled": True, "users": ["root", "ci"]},  # jobs' builders pull from the mirror, too
        "guard": True,
        "guard_options": {"sweep": sweep},
        **variables,
    }
    run = playbook(
        "provision-builders",
        *arguments,
        limit=host,
        variables={f"builder_{name}": value for name, value in given.items()},
    )
    assert run.status == 0, run.output
    return run


def sweeps(host: str) -> None:
    """Have the guard sweep now, and remember since when images dangle."""
    on(
        host,
        f"""
        if test -e {KEPT}; then sed -i 's/"due": [0-9.]*/"due": 0/' {KEPT}; fi
        rm -f {SEEN}; systemctl start {SERVICE} || {{ journalctl --unit {SERVICE} >&2; exit 1; }}
        """,
    )


def there(host: str) -> list[str]:
    return on(host, THERE).split()


def done(host: str) -> dict[str, Any]:
    return dict(json.loads(on(host, "cat /var/lib/multiarch-builders/guard_done.json")))


def test_what_jobs_left_goes_and_all_else_stays(engine: str, tmp_path: Path) -> None:
    on(engine, f"mkdir -p {METRICS.rpartition('/')[0]}")
    run = provision(engine, sweep={**JOBS, "dry_run": True})
    assert run.says("builder multiarch: without builder_gc BuildKit reduces its cache to"), run.output
    on(engine, LEFT)
    start_build(engine, "of-ci", KILLED, command=f"{CI} docker buildx --builder builder-1 build")
    on(
        engine,
        f"pkill --signal KILL --full '[b]uilder-1 build'; while pgrep --full --exact '{KILLED}'; do sleep 0.2; done",
    )
    start_build(engine, "of-root", f"{BUSY}; echo slept", command="docker buildx --builder builder-4 build")
    before = there(engine)
    assert "buildx_buildkit_builder-10_state" in before

    # A dry run, which has seen the image since its first look.
    sweeps(engine)
    on(engine, "sleep 2")
    sweeps(engine)
    assert there(engine) == before
    run = provision(engine, "--check", sweep={**JOBS, "dry_run": True})
    assert run.says("the guard would remove: "), run.output
    assert run.says("builder builder-4 (a client is connected to it)"), run.output
    told = dict(line[7:].split(": ", 1) for line in on(engine, f"{PROGRAM} sweep").splitlines()[1:])
    assert told["builder builder-20"].startswith("in no user's store, last used ")
    assert told["builder builder-1"].startswith("in the store of ci, last used ")
    assert told["builder mine"] == "it is in the store of ci"
    assert told["builder multiarch"] == "it is managed"
    assert metrics(engine)['guard_removable{kind="builder"}'] == "3"
    assert "would" in done(engine)

    run = provision(engine, sweep=JOBS, concerns=["guard"])
    sweeps(engine)
    building = ["buildx_buildkit_builder-40", "buildx_buildkit_builder-40_state"]
    root = "/root/.docker/buildx/instances/builder-4"
    assert there(engine) == [building[0], OURS[0], building[1], OURS[1], *ENTRIES[:2], root, ENTRIES[2]]
    counted = done(engine)
    assert counted["removed"] == {"builder": 3, "image": 1}
    assert metrics(engine)['guard_removed_total{kind="builder"}'] == "3"
    assert "removed builder builder-1: in the store of ci" in on(engine, f"journalctl --unit {SERVICE}")
    run = playbook(
        "report-builders", limit=engine, variables={"builder_report_dest": str(tmp_path), "builder_guard": True}
    )
    (host,) = json.loads((tmp_path / "builders.json").read_text())["hosts"]
    assert {each["name"]: each["why"] for each in host["job_builders"]} == {
        "builder-4": "a client is connected to it",
        "mine": "it is in the store of ci",
    }
    assert any(each.startswith("builder builder-20: in no user's store") for each in host["guard"]["swept"])

    # Once it has built, it is a job's builder like the others.
    on(engine, f"pkill --full --exact '{BUSY}'")
    assert build_status(engine, "of-root") == "0"
    on(engine, "sleep 2")
    sweeps(engine)
    assert there(engine) == [*OURS, *ENTRIES]
    assert on(engine, "docker buildx inspect multiarch").count("running") == 1
    assert re.search(r"exposure level for \S+: [0-3]\.", on(engine, f"systemd-analyze security --no-pager {SERVICE}"))


# Two disks that what 200 jobs leave would fill several times. The cache of a builder in use is limited by BuildKit
# itself, but not by the lab's stand-in, so builds in it are small.
DISKS = """
mkdir -p /docker /containerd
printf '%s\n' 'docker /docker tmpfs size=512m 0 0' 'containerd /containerd tmpfs size=1g 0 0' >> /etc/fstab
for each in docker containerd; do echo "/var/lib/$each /var/lib/$each none bind 0 0"; done >> /etc/fstab
systemctl daemon-reload; mount /docker; mount /containerd
"""
ROOTS = {"docker": "/docker/docker", "containerd": "/containerd/containerd"}
BUILDS, SWEPT, OWN, MEGABYTES = 200, 10, 5, 8
# A job: a build with the managed builder, and a large image, both in place of those of the former job.
JOB = """
cd $(mktemp --directory); trap "rm -r $PWD" EXIT
printf 'FROM {base}\nRUN echo kept > /kept\nCOPY Dockerfile /\n# {number}\n' > Dockerfile
docker buildx build --builder multiarch --progress plain --load --tag job:1 . 2>&1
dd if=/dev/urandom of=large bs=1M count={size} 2>/dev/null
tar --create large | docker import - job:2
{own}
"""
# One that leaves a builder of its own, too, in a store that goes with the job.
BUILDERS = """
image=$(docker inspect --format '{{{{.Config.Image}}}}' buildx_buildkit_multiarch0)
export BUILDX_CONFIG=$PWD/store
docker buildx create --name builder-{number} --driver-opt image=$image \\
    --config /root/.docker/buildx/buildkitd.default.toml >/dev/null
printf 'FROM {base}\nCOPY large /\n' > Dockerfile
docker buildx build --builder builder-{number} --progress plain . 2>&1
"""
FREE = "df --output=avail --block-size=1M /docker /containerd | tail -n 2"


@pytest.mark.thorough
def test_two_small_disks_do_not_fill_up(newer: str) -> None:
    on(newer, f"mkdir -p {METRICS.rpartition('/')[0]}; {DISKS}")
    sweep = {"after": "5s", "free": "60%", "patterns": ["builder-*"]}
    provision(newer, sweep=sweep, data_roots=ROOTS)
    for number in range(1, BUILDS + 1):
        own = BUILDERS.format(number=number, base=base()) if number % OWN == 0 else ""
        log = on(newer, JOB.format(base=base(), number=number, size=MEGABYTES, own=own))
        assert number == 1 or "CACHED" in log, log
        free = [int(each) for each in on(newer, FREE).split()]
        assert min(free) > 50, f"after {number} builds: {free} MB free\n{log}"
        if number % SWEPT == 0:
            sweeps(newer)
    found = metrics(newer)
    docker, containerd = (int(each) for each in on(newer, FREE).split())
    for name, left in (("docker", docker), ("containerd", containerd)):
        told = int(found[f'disk_free_bytes{{disk="{name}",path="{ROOTS[name]}"}}']) >> 20
        assert abs(told - left) < 200, (name, told, left)
        assert int(found[f'guard_freed_bytes_total{{disk="{name}"}}']) > 100 << 20
    assert int(found['guard_removed_total{kind="builder"}']) >= BUILDS // OWN // 2
    assert int(found['guard_removed_total{kind="image"}']) > BUILDS // 2
    assert abs(docker - containerd) > 1, "they are two disks"
