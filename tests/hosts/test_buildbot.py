"""A real CI: Debian's buildbot runs jobs on an onboarded host, as its package's user, with what its unit has set.

Each job is one that users have: it builds, it makes a builder of its own, it is killed, it takes the handlers away.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lab.settings import HARBOR_NAME, IMAGES_FILE, MIRROR_NAME, MIRROR_PORT
from tests.hosts.buildbot import (
    AS_ITS_USER,
    CANCELLED,
    FAILURE,
    SUCCESS,
    UNIT,
    build,
    commit,
    configuration,
    install,
    push,
    start_master,
    start_worker,
)
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.daemon import base
from tests.hosts.lab import Run, lab, on, playbook

pytestmark = pytest.mark.thorough

MASTER, HOST = NEWER_ENGINE, OLDER_ENGINE
IMAGE = f"{HARBOR_NAME}/proof/buildbot"
HANDLER = "/proc/sys/fs/binfmt_misc/qemu-aarch64"

# Two platforms in each of which a program runs that no cache has.
DOCKERFILE = "FROM {base}\nRUN echo {number} && uname -m\n"
SLOW, SLEEP = "FROM {base}\nRUN sleep {seconds}\n", 1005
# No base image: a builder of a job's own has no mirror.
WITHOUT_BASE = "FROM scratch\nCOPY Dockerfile /{number}\n"

DROP_IN = f"/etc/systemd/system/{UNIT}.d"
WITHOUT_HOME = "[Service]\nEnvironmentFile=/etc/environment\nUnsetEnvironment=HOME\n"

JOBS = """
def job(name, *commands):
    shell = [steps.ShellCommand(name=words[-1], command=words[:-1]) for words in commands]
    checkout = steps.Git(repourl=REPOSITORY, mode="full", method="fresh")
    c["builders"].append(
        util.BuilderConfig(name=name, workernames=[WORKER], factory=util.BuildFactory([checkout, *shell]))
    )
    c["schedulers"].append(
        schedulers.AnyBranchScheduler(
            name=name, change_filter=util.ChangeFilter(project=name), builderNames=[name]
        )
    )
    c["services"].append(util.OldBuildCanceller(name, [([name], util.SourceStampFilter())]))

own = util.Interpolate("%(prop:project)s-%(prop:buildnumber)s")
job(
    "own",
    ["docker", "buildx", "create", "--use", "--name", own, "create"],
    ["docker", "buildx", "build", "--progress", "plain", "--tag", IMAGE, "--push", ".", "build"],
)
job("reset", ["docker", "run", "--privileged", "--rm", "@binfmt@", "--uninstall", "qemu-*", "reset"])
"""


def onboard(name: str = "onboard-runner", **variables: Any) -> Run:
    """The fleet's variables, for two platforms and the user of Debian's package."""
    asked: dict[str, Any] = {"builder_platforms": ["amd64", "arm64"], "builder_users": ["root", "buildbot"]}
    asked["builder_docker_group"] = True
    return playbook(name, limit=HOST, variables={**asked, **variables})


def dockerfile(text: str, number: int) -> str:
    return text.format(base=base(), number=number, seconds=SLEEP)


@pytest.fixture(scope="module")
def worker() -> str:
    """The unit of a worker, which runs before its host is onboarded; its master runs, too."""
    lab("reset", HOST, MASTER)
    with ThreadPoolExecutor() as pool:
        list(pool.map(install, (HOST, MASTER), ("buildbot-worker git", "buildbot")))
    binfmt = json.loads(IMAGES_FILE.read_text())["binfmt"]["reference"]
    start_master(MASTER, configuration(IMAGE, JOBS.replace("@binfmt@", binfmt)))
    start_worker(HOST, MASTER)
    return UNIT


@pytest.fixture(scope="module")
def onboarded(worker: str) -> None:
    """The host is a runner, told once that the worker has to be restarted."""
    too_early = onboard()
    words = f"{worker} of buildbot was started before buildbot joined the group docker: systemctl restart {worker}"
    assert too_early.says(words), too_early.output
    on(HOST, f"systemctl restart {worker}")
    run = onboard()
    assert (run.status, run.recap(HOST)["changed"]) == (0, 0), run.output
    assert re.search(rf"{HOST} +native pushed +emulated pushed", run.output)


def pushed(number: int, branch: str = "main", text: str = DOCKERFILE, project: str = "app") -> str:
    """A commit that the master is told of; its revision."""
    revision = commit(HOST, branch, dockerfile(text, number))
    push(MASTER, project, branch, revision)
    return revision


@pytest.mark.usefixtures("onboarded")
def test_a_job_builds_two_platforms_and_pushes_with_nothing_set_but_what_its_unit_has() -> None:
    revision = pushed(1)
    job = build(MASTER, "image", 1)
    assert job.result == SUCCESS, job.told
    assert f"Name:      {IMAGE}:{revision}" in job.steps["inspect"].log
    assert {"linux/amd64", "linux/arm64"} <= set(re.findall(r"Platform: +(\S+)", job.steps["inspect"].log))
    environment = dict(re.findall(r"^h  (\w+)=(.*)$", job.steps["build"].log, re.MULTILINE))
    assert (environment["HOME"], environment["USER"]) == ("/var/lib/buildbot", "buildbot")
    assert [name for name in environment if name.startswith(("DOCKER", "BUILDX", "BUILDKIT"))] == []
    assert on(HOST, "find /var/lib/buildbot/.docker ! -user buildbot") == ""


@pytest.mark.usefixtures("onboarded")
def test_a_job_that_a_newer_push_kills_leaves_the_builder_as_it_was() -> None:
    before = on(HOST, "docker inspect --format '{{.Id}} {{.State.StartedAt}}' buildx_buildkit_multiarch0")
    pushed(2, "slow", SLOW)
    on(HOST, f"timeout 120 sh -c 'until pgrep --full --exact \"sleep {SLEEP}\"; do sleep 0.2; done'")
    pushed(3, "slow")
    killed, next_one = build(MASTER, "image", 2), build(MASTER, "image", 3)
    assert killed.result == CANCELLED, killed.told
    assert next_one.result == SUCCESS, next_one.told
    on(HOST, f"timeout 60 sh -c 'while pgrep --full --exact \"sleep {SLEEP}\"; do sleep 0.2; done'")
    assert on(HOST, "docker ps --all --format '{{.Names}}'") == "buildx_buildkit_multiarch0\n"
    assert on(HOST, "docker inspect --format '{{.Id}} {{.State.StartedAt}}' buildx_buildkit_multiarch0") == before
    assert onboard("provision-builders", builder_full_plan=True).recap(HOST)["changed"] == 0


@pytest.mark.usefixtures("onboarded")
def test_a_job_with_a_builder_of_its_own_pushes_by_inheritance_and_what_it_leaves_is_told(tmp_path: Path) -> None:
    name = f"{MIRROR_NAME}:{MIRROR_PORT}/moby/buildkit:buildx-stable-1"  # what buildx takes by itself
    ours = "docker inspect --format '{{.Image}}' buildx_buildkit_multiarch0"
    on(HOST, f"docker tag $({ours}) {name}; docker push --quiet {name}; docker rmi {name}")
    pushed(4, "own", WITHOUT_BASE, "own")
    job = build(MASTER, "own", 1)
    assert (job.steps["create"].result, job.result) == (SUCCESS, FAILURE), job.told
    assert "x509: certificate signed by unknown authority" in job.steps["build"].log

    run = onboard("report-builders", builder_report_dest=str(tmp_path))
    assert run.status == 0, run.output
    (told,) = json.loads((tmp_path / "builders.json").read_text())["hosts"]
    assert told["state"] == "drift"
    assert "select multiarch as the builder of buildbot, in place of own-1" in json.dumps(told["plan"])
    run = onboard("provision-builders", builder_inherit={"enabled": True})
    assert run.status == 0, run.output
    assert "buildx_buildkit_own-10" in on(HOST, "docker ps --format '{{.Names}}'"), "it is the job's, and stays"
    pushed(5)
    job = build(MASTER, "image", 4)
    assert job.result == SUCCESS, job.told
    pushed(6, "own", WITHOUT_BASE, "own")
    job = build(MASTER, "own", 2)
    assert job.result == SUCCESS, job.told
    # What a job selects with --use is selected for good, even once it is removed.
    told = on(HOST, f"{AS_ITS_USER} sh -c 'docker buildx rm own-1 own-2; docker buildx inspect'")
    assert re.search(r"^Driver: +docker$", told, re.MULTILINE), told
    assert onboard("provision-builders").says("select multiarch as the builder of buildbot, in place of own-2")


@pytest.mark.usefixtures("onboarded")
def test_with_the_environment_file_what_a_job_selects_has_no_effect_also_without_a_home() -> None:
    on(HOST, f"install -d {DROP_IN}; cat > {DROP_IN}/test.conf; systemctl daemon-reload", stdin=WITHOUT_HOME)
    run = onboard("provision-builders", builder_environment_file="/etc/environment")
    assert run.status == 0, run.output
    on(HOST, f"systemctl restart {UNIT}")
    pushed(7, "own", WITHOUT_BASE, "own")
    job = build(MASTER, "own", 3)
    assert job.result == SUCCESS, job.told
    assert "BUILDX_BUILDER=multiarch" in job.steps["build"].log
    assert "h  HOME=" not in job.steps["build"].log
    on(HOST, f"rm -r {DROP_IN}; systemctl daemon-reload; systemctl restart {UNIT}")
    run = onboard("provision-builders")
    assert run.status == 0, run.output


@pytest.mark.usefixtures("onboarded")
def test_after_a_job_has_reset_the_handlers_a_run_makes_ours_again(tmp_path: Path) -> None:
    pushed(8, project="reset")
    job = build(MASTER, "reset", 1)
    assert job.result == SUCCESS, job.told
    assert on(HOST, f"test ! -e {HANDLER} && echo gone") == "gone\n"
    run = onboard("report-builders", builder_report_dest=str(tmp_path))
    (told,) = json.loads((tmp_path / "builders.json").read_text())["hosts"]
    assert "qemu-aarch64" in json.dumps(told["plan"]), run.output
    run = onboard("provision-builders")
    assert run.status == 0, run.output
    assert on(HOST, f"head -n 1 {HANDLER}") == "enabled\n"
    pushed(9)
    job = build(MASTER, "image", 5)
    assert job.result == SUCCESS, job.told


@pytest.mark.usefixtures("onboarded")
def test_who_is_retired_leaves_the_package_and_its_user_alone() -> None:
    run = playbook("retire-builders", limit=HOST)
    assert run.status == 0, run.output
    assert "docker" not in on(HOST, "id --name --groups buildbot").split()
    assert on(HOST, f"systemctl is-active {UNIT}") == "active\n"
