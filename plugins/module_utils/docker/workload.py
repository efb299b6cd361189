# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running work on a host: builds inside builders, and containers that a restart of dockerd would end."""

from __future__ import annotations

import json
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_pid
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

# docker/buildx, driver/docker-container/driver.go: the name of a builder's container
BUILDER_PREFIX = "buildx_buildkit_"
# The name of the BuildKit inside dockerd, which `docker build` uses if no builder is selected.
OWN_BUILDER = "docker itself"
_PAUSE = 2.0


def container_name(node: str) -> str:
    """The container of a node, whose name buildx writes in lower case (store/nodegroup.go)."""
    return f"{BUILDER_PREFIX}{node.lower()}"


@dataclass(frozen=True)
class Work:
    """*builds*: builders with a running build. *containers*: running ones that would not be restarted."""

    builds: t.Tuple[str, ...]
    containers: t.Tuple[str, ...]

    def __str__(self) -> str:
        told = [f"a build in {name}" for name in self.builds] + [f"container {name}" for name in self.containers]
        return ", ".join(told)

    def __bool__(self) -> bool:
        return bool(self.builds or self.containers)


def is_building(histories: str) -> bool:
    """Whether `buildctl debug histories --format '{{json .}}'` lists a running build.

    A record's type is STARTED until the build ended; as a number it is 0, which JSON may leave out
    (moby/buildkit, api/services/control/control.proto, BuildHistoryEventType).
    """
    for line in histories.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("type", 0) in (0, "STARTED"):
            return True
    return False


def runs_steps(processes: str) -> bool:
    """Whether a builder container runs more than BuildKit's own processes (`docker top NAME -eo args`).

    A `buildctl dial-stdio` is a client's connection and may be stale: it does not prove a build.
    """
    programs = {line.split()[0].rpartition("/")[2] for line in processes.splitlines()[1:] if line.strip()}
    return bool(programs - {"buildkitd", "buildctl", "docker-init", "dumb-init", "tini"})


def builds_in(container: str, shown: t.Mapping[str, t.Any], docker: Docker) -> bool:
    """Whether any build is running in a running builder container, *shown* as of /containers/NAME/json.

    BuildKit before 0.11 keeps no records of builds: there the processes are checked.
    """
    return has_client(shown, docker) and lists_build(container, docker)


def lists_build(container: str, docker: Docker) -> bool:
    """Whether BuildKit in a running container lists a build, connected client or not; as builds_in()."""
    asked = ["buildctl", "debug", "histories", "--format", "{{json .}}"]
    listed = run([*docker.argv, "exec", container, *asked], user=docker.user, timeout=30)
    if listed.status == 0:
        return is_building(listed.stdout)
    return runs_steps(run([*docker.argv, "top", container, "-eo", "args"], user=docker.user, timeout=30).stdout)


def has_client(shown: t.Mapping[str, t.Any], docker: Docker) -> bool:
    """Whether a buildx is connected, as it is for the duration of a build, by a process that dockerd starts.

    A dockerd that was killed leaves such processes behind (Docker 26.1). Nothing will ever receive the result of their
    build, which may hang forever (docker/buildx, driver/docker-container/driver.go, Dial()).
    """
    found = (docker.find(f"/exec/{each}/json") or {} for each in shown.get("ExecIDs") or ())
    return any(each.get("Running") for each in found)


def builds_in_daemon(daemon: t.Optional[int]) -> bool:
    """Whether dockerd's own BuildKit runs a step: it starts runc itself, while containers have a shim.

    Seen with Docker 26.1.5 and 28.5.2. A build that is not in a RUN step at that moment is not detected.
    """
    for folder in look.processes():
        # proc(5): the parent is field 4; two fields were cut with the name
        fields = (look.text(f"{folder}/stat") or "").rpartition(")")[2].split()
        if fields[1:2] == [str(daemon)] and "/buildkit/executor/" in (look.text(f"{folder}/cmdline") or ""):
            return True
    return False


def at_restart(docker: Docker, *, keeps: bool) -> Work:
    """The work that a restart of dockerd would end.

    live-restore keeps containers running if the next dockerd *keeps* them, too, but never a build.
    """
    if not docker.answers():
        return Work((), ())
    kept = keeps and docker.get("/info").get("LiveRestoreEnabled", False)
    builds = [OWN_BUILDER] if builds_in_daemon(daemon_pid()) else []
    containers = []
    for row in docker.get("/containers/json"):
        name = row["Names"][0].lstrip("/")
        shown = docker.find(f"/containers/{row['Id']}/json") or {}
        if name.startswith(BUILDER_PREFIX) and builds_in(name, shown, docker):
            builds.append(name)
        policy = shown.get("HostConfig", {}).get("RestartPolicy", {})
        if not kept and policy.get("Name") not in ("always", "unless-stopped"):
            containers.append(name)
    return Work(tuple(builds), tuple(containers))


def drain(look: t.Callable[[], object], allowed: Disruption, what: str) -> None:
    """Return once *what* is allowed: *look* finds nothing. Raises HostError with what is left after the timeout."""
    if allowed.mode == "now":
        return
    end = time.monotonic() + allowed.drain_timeout
    work = look()
    while work:
        if time.monotonic() > end:
            raise HostError(
                f"{what} would end {work}, still running after builder_drain_timeout ({allowed.drain_timeout} s): wait "
                "longer, stop them, or set builder_disruption: now"
            )
        time.sleep(_PAUSE)
        work = look()
