"""A program for a host: data is moved there and back, each time killed at a step, and completed by the next run.

test_data_roots.py puts this onto a host and judges.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import time
from typing import Any

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import shown
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import of_dockerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS

from tests.hosts.at_every_step import PR_SET_CHILD_SUBREAPER, die_at

Roots = dict[str, str]


def converge(roots: Roots) -> list[str]:
    """What the module does with *roots*; what is left to do then, or the error."""
    defaults = {name: option.get("default") for name, option in OPTIONS.items()}
    daemon = Daemon.from_params({**defaults, "data_roots": roots}, Docker())
    try:
        plan = daemon.plan(daemon.observe(), NO_EFFECTS)
        if plan.actions:
            daemon.apply(plan.actions)
        return [action.summary for action in daemon.plan(daemon.observe(), NO_EFFECTS).actions]
    except HostError as error:
        return [str(error)]


def killed(roots: Roots, pattern: str, number: int) -> tuple[str, int]:
    """(the step, how the process ended) of a move that is killed at the step of that *number* that *pattern* names."""
    listen, tell = os.pipe()
    child = os.fork()
    if child == 0:
        die_at(number, pattern, tell)
        left = converge(roots)
        sys.stderr.write(f"not killed at {pattern}: {left}\n")
        os._exit(1 if left else 0)
    os.close(tell)
    status = os.waitpid(child, 0)[1]
    with contextlib.suppress(ChildProcessError):  # a program that it had started goes on
        while True:
            os.wait()
    with os.fdopen(listen) as pipe:
        return pipe.read(), os.waitstatus_to_exitcode(status)


def one_round(roots: Roots, pattern: str, number: int) -> dict[str, Any]:
    """Kill a move, start docker as the concern engine does, and run again."""
    before = shown(Docker())
    time.sleep(2)  # containers that have just started write down that they have
    step, ended = killed(roots, pattern, number)
    subprocess.run(["systemctl", "start", "docker.service"], check=True)
    assert Docker().wait(60)
    left, docker = converge(roots), Docker()
    info = docker.get("/info")
    containerd = of_dockerd(info, {})
    places = {"docker": info["DockerRootDir"], "containerd": containerd.root if containerd else ""}
    after = shown(docker)
    lost = [f"{kind} {name}" for kind, names in before.items() for name in names - after[kind]]
    return {"step": step, "ended": ended, "left": left, "places": places, "lost": lost}


def main() -> None:
    """A round for each kill, as JSON."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    request = json.loads(sys.argv[1])
    rounds = []
    for count, (pattern, number) in enumerate(request["kills"]):
        rounds.append(one_round(request["back" if count % 2 else "there"], pattern, number))
    json.dump(rounds, sys.stdout)


if __name__ == "__main__":
    main()
