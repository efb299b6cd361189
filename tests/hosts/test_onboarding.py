"""A CI runner is onboarded; then the pipeline files of examples/ci build two platforms and push, with nothing else set.

GitLab, GitHub and Jenkins themselves are not here: each job is started as that runner starts it (a stand-in).
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml

from lab.settings import IMAGES_FILE, STATE
from lab.topology import HOSTS
from tests.hosts.ansible_playbook import ROOT
from tests.hosts.conftest import OLDER_ENGINE
from tests.hosts.lab import Run, lab, on, playbook

HOST = OLDER_ENGINE
ADDRESS = next(str(host.address) for host in HOSTS if host.name == HOST)
BASE = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
EXAMPLES = ROOT / "examples/ci"
IMAGE = "harbor.lab.test/proof/pipeline"
SOURCE = "/home/ci/work"
DOT_ENV = "/home/ci/actions-runner/.env"
STORE = "/home/ci/.docker/buildx"
# Agents beside the one whose jobs are run, as users have them: in a sandbox, of the user's own systemd, and with
# values that change nothing.
OTHERS = """
systemd-run --quiet --unit hidden --uid ci --property ProtectHome=yes sleep infinity
systemd-run --quiet --unit strict --uid ci --property ProtectHome=read-only sleep infinity
systemd-run --quiet --unit harmless --uid ci --setenv DOCKER_HOST=unix:///run/docker.sock --setenv HOME=/home/ci/ \
    --property UnsetEnvironment=USER sleep infinity
systemctl start user@$(id --user ci) # as lingering does
timeout 60 sh -c 'until test -S /run/user/$(id --user ci)/systemd/private; do sleep 0.1; done'
runuser -u ci -- env XDG_RUNTIME_DIR=/run/user/$(id --user ci) systemd-run --quiet --user --unit mine sleep infinity
"""


def onboard(name: str = "onboard-runner", **variables: Any) -> Run:
    """The fleet's variables, with two platforms and the CI user, as an inventory of runners would say it."""
    runner = {
        "builder_platforms": ["amd64", "arm64"],
        "builder_environment_file": DOT_ENV,
        "builder_verify_trust": True,
    }
    return playbook(name, limit=HOST, variables={**runner, **variables})


@pytest.fixture(scope="module")
def runner() -> None:
    """A new machine: its agent runs as ci, who may not use Docker, with an environment file of its own."""
    lab("reset", HOST)
    on(HOST, f"gpasswd --delete ci docker; systemd-run --quiet --unit agent --uid ci sleep infinity\n{OTHERS}")
    on(HOST, f"install -d -o ci -g ci ~ci/actions-runner {SOURCE}; install -m 600 -o ci -g ci /dev/null {DOT_ENV}")
    on(HOST, f"printf 'FROM {BASE}\\nRUN uname -m\\n' > {SOURCE}/Dockerfile")


@pytest.mark.usefixtures("runner")
def test_a_new_machine_becomes_a_proven_runner() -> None:
    refused = onboard()
    assert refused.recap(HOST)["failed"] == 1
    assert refused.recap(HOST)["changed"] == 0
    assert refused.says("add the user to the group docker, or set builder_docker_group to true"), refused.output
    assert refused.says("ci may not use Docker")

    too_early = onboard(builder_docker_group=True)
    assert too_early.says("add ci to the group docker (root-equivalent on this host)"), too_early.output
    words = "agent.service of ci was started before ci joined the group docker: systemctl restart agent.service"
    assert too_early.says(words), too_early.output
    manager = f"user@{on(HOST, 'id --user ci').strip()}.service"
    for words in (
        f"mine.service of ci was started before ci joined the group docker: systemctl restart {manager}",
        f"hidden.service of ci does not see {STORE}: remove what hides it from its unit (ProtectHome=",
        f"strict.service of ci may not write to {STORE}, as buildx does: add ReadWritePaths=/home/ci/.docker",
    ):
        assert too_early.says(words), too_early.output
    assert not too_early.says("harmless.service of ci has")

    on(HOST, f"systemctl stop hidden strict harmless; systemctl restart {manager}")
    on(HOST, "systemctl stop agent; systemd-run --quiet --unit agent --uid ci sleep infinity")
    run = onboard(builder_docker_group=True)
    assert run.status == 0, run.output
    assert run.recap(HOST)["changed"] == 0
    assert re.search(rf"{HOST} +native pushed +emulated pushed", run.output)
    assert on(HOST, f"stat --format '%U %a' {DOT_ENV}; cat {DOT_ENV}") == "ci 600\nBUILDX_BUILDER=multiarch\n"


def gitlab_shell() -> str:
    """GitLab's shell executor: su without a login of its own, then a login shell (gitlab-runner, shells/bash.go)."""
    pipeline = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    assert pipeline["variables"]["IMAGE"]
    script = f"export IMAGE={IMAGE} CI_COMMIT_SHORT_SHA=gitlab; cd {SOURCE}; set -eo pipefail\n"
    script += "\n".join(pipeline["build-image"]["script"])
    return on(HOST, "su -s /bin/bash ci -c 'bash -l' 2>&1", stdin=script)


def gitlab_docker() -> str:
    """GitLab's docker executor: a container with the volumes of config.toml.

    Its image is a stand-in: the lab's base image with the host's own docker and libraries in place of `docker:cli`.
    """
    pipeline = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    configuration = tomllib.loads((EXAMPLES / "gitlab-runner-docker.toml").read_text())
    volumes = configuration["runners"][0]["docker"]["volumes"]
    client = [f"{path}:{path}:ro" for path in ("/usr", "/lib", "/lib64")]
    mounts = " ".join(f"--volume {each}" for each in [*volumes, *client, f"{SOURCE}:/work"])
    options = f"--env PATH=/usr/bin:/bin --env IMAGE={IMAGE} --env CI_COMMIT_SHORT_SHA=docker --workdir /work"
    script = "set -e\n" + "\n".join(pipeline["build-image"]["script"])
    return on(HOST, f"docker run --rm --interactive {mounts} {options} {BASE} sh 2>&1", stdin=script)


def github() -> str:
    """GitHub's runner: a unit of systemd with User=, and the lines of `.env` in the environment of jobs."""
    workflow = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["image"]["steps"] if "run" in step]
    script = "set -e\n" + "\n".join(steps)
    unit = (
        f"systemd-run --quiet --pipe --wait --uid ci --working-directory {SOURCE} --property EnvironmentFile={DOT_ENV}"
    )
    return on(HOST, f"{unit} --setenv IMAGE={IMAGE} --setenv GITHUB_SHA=github bash -e 2>&1", stdin=script)


def jenkins() -> str:
    """An agent of Jenkins that was started by ssh: no login shell, the environment of sshd."""
    steps = re.findall(r"^ *sh '(.*)'$", (EXAMPLES / "Jenkinsfile").read_text(), re.MULTILINE)
    assert len(steps) == 2
    script = f"export IMAGE={IMAGE} BUILD_NUMBER=7; cd {SOURCE}\n" + "\n".join(steps)
    ssh = [
        "ssh",
        "-F",
        "none",
        "-i",
        str(STATE / "ssh/id_ed25519"),
        "-o",
        f"UserKnownHostsFile={STATE}/ssh/known_hosts",
    ]
    command = [*ssh, "-o", "StrictHostKeyChecking=yes", f"ci@{ADDRESS}", "sh -xe 2>&1"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("runner")
def test_the_pipeline_of_each_runner_builds_two_platforms_with_the_cache_of_the_host() -> None:
    said = gitlab_shell()
    assert "Platform:    linux/amd64" in said
    assert "Platform:    linux/arm64" in said
    containers = on(HOST, "docker ps --all --format '{{.Names}}'")
    for job in (gitlab_docker, github, jenkins):
        said = job()
        assert len(re.findall(r"^#\d+ CACHED$", said, re.MULTILINE)) == 2, said
        assert "Platform:    linux/arm64" in said, job.__name__
    assert on(HOST, "docker ps --all --format '{{.Names}}'") == containers == "buildx_buildkit_multiarch0\n"
    assert on(HOST, "find ~ci/.docker ! -user ci") == ""


@pytest.mark.usefixtures("runner")
def test_who_is_no_runner_any_more_leaves_the_group() -> None:
    run = onboard("provision-builders", builder_users=["root"], builder_docker_group=True)
    assert run.says("remove ci from the group docker"), run.output
    assert run.status == 0, run.output
    assert "docker" not in on(HOST, "id --name --groups ci").split()
