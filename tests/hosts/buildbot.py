"""Debian's buildbot in the lab: a master on one host, a worker on another, both by the packages' own units.

What a build came to is read from the master's database, as Debian has no buildbot-www, which answers by REST.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

from lab.topology import HOSTS
from tests.hosts.ansible_playbook import ROOT
from tests.hosts.lab import on

SUCCESS, FAILURE, CANCELLED = 0, 2, 6  # buildbot/process/results.py
WORKER = "runner-7"
UNIT = f"buildbot-worker@{WORKER}.service"
REPOSITORY = "/var/lib/buildbot/app.git"

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends --yes --option Dpkg::Options::=--force-unsafe-io {} >/dev/null 2>&1
"""
AS_ITS_USER = "runuser -u buildbot -- env HOME=/var/lib/buildbot"
MASTER = """
cat > /var/tmp/master.cfg
cd /var/lib/buildbot/masters
{user} buildbot create-master -q ci
install -m 600 -o buildbot /dev/null ci/hook.password; echo hook > ci/hook.password
install -m 600 -o buildbot /dev/null ci/{worker}.password; echo worker > ci/{worker}.password
mv /var/tmp/master.cfg ci
systemctl start buildbot@ci
timeout 60 sh -c 'until ss -lnt | grep -q :9989; do sleep 0.1; done' || {{ tail -n 50 ci/twistd.log >&2; exit 1; }}
"""
JOIN = """
cd /var/lib/buildbot/workers
{user} buildbot-worker create-worker -q {worker} {address} {worker} worker
systemctl start {unit}
{user} git init --quiet --initial-branch main {repository}
"""
COMMIT = """
git checkout --quiet -B {branch}
cat > Dockerfile
git add Dockerfile
git -c user.name=dev -c user.email=dev@example.com commit --quiet --allow-empty --message .
git rev-parse HEAD
"""
PUSH = (
    "{user} buildbot sendchange --master 127.0.0.1:9989 --auth hook:hook --who dev --vc git "
    "--project {project} --branch {branch} --revision {revision} Dockerfile"
)
# Waits until the NUMBERth build of BUILDER has ended, and prints what the database has of it.
LOOK = """
import json, sqlite3, sys, time
builder, number, wait = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "ended"
database = sqlite3.connect("file:/var/lib/buildbot/masters/ci/state.sqlite?mode=ro", uri=True, timeout=60)
end = time.monotonic() + 300
while True:
    found = database.execute(
        "select builds.id, builds.complete_at, builds.results, builds.state_string from builds"
        " join builders on builders.id = builds.builderid where builders.name = ? and builds.number = ?",
        (builder, number),
    ).fetchone()
    if found and (found[1] or not wait):
        break
    if time.monotonic() > end:
        sys.exit(f"build {number} of {builder}: {found}")
    time.sleep(0.2)
log = "select content from logchunks join logs on logs.id = logchunks.logid where logs.stepid = ? order by first_line"
steps = {
    name: {"result": result, "log": "\\n".join(row[0].decode() for row in database.execute(log, (step,)))}
    for step, name, result in database.execute(
        "select id, name, results from steps where buildid = ? order by number", (found[0],)
    ).fetchall()
}
print(json.dumps({"result": found[2], "state": found[3], "steps": steps}))
"""


@dataclass(frozen=True)
class Step:
    """What a step came to, and its log: what it printed, and its environment, each line after a letter."""

    result: int | None
    log: str


@dataclass(frozen=True)
class Build:
    """What a build came to: *result* is None while it runs."""

    result: int | None
    state: str
    steps: dict[str, Step]

    @property
    def told(self) -> str:
        """All of it, for a test that fails."""
        return "\n".join([self.state, *(f"{name}: {step.result}\n{step.log}" for name, step in self.steps.items())])


def configuration(image: str, more: str) -> str:
    """examples/ci/master.cfg for the lab, and *more* that a test adds."""
    text = (ROOT / "examples/ci/master.cfg").read_text()
    places = {"harbor.example.com/ci/app": image, "https://git.example.com/app.git": f"file://{REPOSITORY}"}
    for former, now in places.items():
        assert text.count(former) == 1, former
        text = text.replace(former, now)
    return f'{text}c["logCompressionMethod"] = "raw"\n{more}'


def install(host: str, packages: str) -> None:
    on(host, INSTALL.format(packages))


def start_master(host: str, master_cfg: str) -> None:
    on(host, MASTER.format(user=AS_ITS_USER, worker=WORKER), stdin=master_cfg)


def start_worker(host: str, master: str) -> None:
    address = next(each.address for each in HOSTS if each.name == master)
    places = {"address": address, "unit": UNIT, "repository": REPOSITORY}
    on(host, JOIN.format(user=AS_ITS_USER, worker=WORKER, **places))


def commit(host: str, branch: str, dockerfile: str) -> str:
    """A commit on top of *branch*; its revision."""
    script = f"cd {REPOSITORY}\n{COMMIT.format(branch=branch)}"
    return on(host, f"{AS_ITS_USER} sh -ec {shlex.quote(script)}", stdin=dockerfile).strip()


def push(master: str, project: str, branch: str, revision: str) -> None:
    """What the hook of a git server tells the master."""
    on(master, PUSH.format(user=AS_ITS_USER, project=project, branch=branch, revision=revision))


def build(master: str, builder: str, number: int, *, ended: bool = True) -> Build:
    """The build once it has *ended*, or once it has begun."""
    words = shlex.join([builder, str(number), "ended" if ended else "begun"])
    found: dict[str, Any] = json.loads(on(master, f"python3 - {words}", stdin=LOOK))
    return Build(found["result"], found["state"], {name: Step(**each) for name, each in found["steps"].items()})
