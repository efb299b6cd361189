"""What tests of dockerd share: a file of somebody else, provisioning, and work that runs until it is told to end."""

from __future__ import annotations

import json
from typing import Any

from lab.settings import IMAGES_FILE
from tests.hosts.lab import Run, on, playbook

PATH = "/etc/docker/daemon.json"
THEIRS = '{\n  "labels": ["team=a"],\n  "features": {"buildkit": true},\n  "log-opts": {"max-size": "10m"}\n}\n'
WITH_BUILDER = ("engine", "trust", "daemon", "buildx")
BUILDER = "buildx_buildkit_multiarch0"


def provision(host: str, **variables: Any) -> Run:
    """Provision, without builders if no concerns are named; *variables* without `builder_`."""
    given = {"concerns": ["engine", "trust", "daemon"], "platforms": ["linux/amd64"], "users": ["root"], **variables}
    return playbook(
        "provision-builders", limit=host, variables={f"builder_{name}": value for name, value in given.items()}
    )


def provisioned(host: str, **variables: Any) -> Run:
    """The same, and it has to succeed."""
    run = provision(host, **variables)
    assert run.status == 0, run.output
    return run


def write(host: str, text: str) -> None:
    on(host, f"mkdir -p /etc/docker; cat > {PATH} <<'END'\n{text.rstrip()}\nEND")


def content(host: str) -> str:
    return on(host, f"cat {PATH}")


def process(host: str) -> str:
    """dockerd's process id, of a dockerd that answers."""
    return on(host, "docker version >/dev/null; systemctl show --property=MainPID --value docker").strip()


def base() -> str:
    """An image with a shell that the lab's mirror of Docker Hub serves."""
    return str(json.loads(IMAGES_FILE.read_text())["base"]["reference"])


def start_container(host: str, name: str, script: str, *options: str) -> None:
    # SIGTERM is nothing to a shell that is PID 1: without the signal each end of dockerd would take ten seconds
    given = " ".join(["--detach", "--stop-signal=KILL", f"--name={name}", *options])
    on(host, f"docker run {given} {base()} sh -c '{script}'")


def state(host: str, container: str, field: str) -> str:
    """A field of a container's state, such as Running, ExitCode and Pid."""
    return on(host, f"docker inspect --format '{{{{.State.{field}}}}}' {container}").strip()


def start_build(host: str, name: str, script: str, *, command: str = "docker buildx build") -> None:
    """Start a build of root's whose RUN step is *script*, and return once the first command of that runs."""
    folder, first = f"/var/tmp/{name}", script.partition(";")[0]
    on(
        host,
        f"""
        rm -rf {folder}*; mkdir {folder}; printf 'FROM %s\nRUN %s\n' '{base()}' '{script}' > {folder}/Dockerfile
        systemd-run --quiet --collect --setenv=HOME=/root sh -c \
            '{command} --no-cache --progress plain {folder} > {folder}.log 2>&1; echo $? > {folder}.status'
        timeout 60 sh -c 'until pgrep --full --exact "{first}" >/dev/null; do sleep 0.1; done' ||
            {{ cat {folder}.log >&2; exit 1; }}
        """,
    )


def build_status(host: str, name: str) -> str:
    """The exit status of that build, and what it told if it was not 0; empty if it does not end."""
    log = f"/var/tmp/{name}"
    wait = f"timeout 5 sh -c 'until test -s {log}.status; do sleep 0.1; done' || true"
    return on(host, f"{wait}; cat {log}.status && grep -qx 0 {log}.status || cat {log}.log").strip()


# dockerd tells of every look into the builder; the plan needs two of them, so at the third one the run waits.
END = """
start=$(date +%s.%N)
of_looks="--filter event=exec_create --filter container={builder}"
until [ $(docker events --since $start --until $(date +%s.%N) $of_looks | wc -l) -ge 3 ]; do sleep 0.2; done
for command in {commands}; do pkill --full --exact "$command"; sleep 1; done
"""


def end_once_waited_for(host: str, *commands: str) -> None:
    """End what runs as these *commands* once a run waits for the builder, a second between one and the next."""
    script = END.format(builder=BUILDER, commands=" ".join(f"'{each}'" for each in commands))
    on(host, "cat > /var/tmp/end; systemd-run --quiet --collect sh /var/tmp/end", stdin=script)
