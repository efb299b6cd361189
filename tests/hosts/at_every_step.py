"""A program for a host: converge docker_daemon, killed at every step in turn, and tell what each kill left behind.

A step is the moment before something changes the host or starts a program, and the moment after a program started.
Looking is no step: it leaves the host as the step before did. Neither are mode and owner of an open file: it is a new
one, which the steps before and after have too. test_killed.py puts this onto a host and judges.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import temp_dirs
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import NO_EFFECTS

Options = Mapping[str, Any]

DAEMON_JSON = Path("/etc/docker/daemon.json")
MEMORY_OF_START = Path("/run/memory-of-start")
BY_PATH = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PR_SET_CHILD_SUBREAPER = 36


class Request(TypedDict):
    """What to do: from *formerly* to *wanted* (daemon_options; NUMBER in them is the step's), then back to none.

    Only steps whose words match *steps* count. *by_hand* is what somebody adds before the way back.
    """

    theirs: str
    formerly: Options | None
    wanted: Options
    steps: str
    by_hand: Options


class Round(TypedDict):
    """What one kill left behind (*end* is the negative signal), and what the runs after it made of that."""

    step: str
    end: int
    text: str
    valid: bool
    temporary: list[str]
    left_to_do: list[str]
    converged: str
    shown: dict[str, Any]
    back: dict[str, Any]


def converge(options: Options, disruption: str = "wait") -> list[str]:
    """What the module does: look, plan, do, and look again; what is left to do then, or the error."""
    defaults = {name: option.get("default") for name, option in OPTIONS.items()}
    daemon = Daemon.from_params({**defaults, "daemon_options": options, "disruption": disruption}, Docker())
    try:
        plan = daemon.plan(daemon.observe(), NO_EFFECTS)
        if plan.actions:
            daemon.apply(plan.actions)
        return [action.summary for action in daemon.plan(daemon.observe(), NO_EFFECTS).actions]
    except HostError as error:
        return [str(error)]


def step_of(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The words for an audit event that is a step."""
    if event == "open":
        path, _mode, flags = arguments
        return f"open {path}" if flags & WRITES and not isinstance(path, int) else None
    if event == "subprocess.Popen":
        return f"start {' '.join(arguments[1])}"
    if event == "started":
        return f"while {' '.join(arguments[0])} runs"
    if event == "fsync":
        return f"fsync {Path(f'/proc/self/fd/{arguments[0]}').readlink()}"
    if event not in BY_PATH or isinstance(arguments[0], int):
        return None
    return " ".join([event, *map(str, arguments[: 2 if event == "os.rename" else 1])])


def audit_more() -> None:
    """Make events of what Python has none for: fsync(), and that a program has started."""
    fsync, popen = os.fsync, subprocess.Popen

    def audited_fsync(descriptor: int) -> None:
        sys.audit("fsync", descriptor)
        fsync(descriptor)

    class AuditedPopen(popen):  # type: ignore[misc,valid-type]
        def __init__(self, argv: list[str], **keywords: Any) -> None:
            super().__init__(argv, **keywords)
            sys.audit("started", argv)

    os.fsync, subprocess.Popen = audited_fsync, AuditedPopen  # type: ignore[assignment,misc]


def die_at(number: int, pattern: str, tell: int) -> None:
    """From now on, end this process at its step *number* by SIGKILL, and name the step to *tell* just before."""
    steps = itertools.count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        words = step_of(event, arguments)
        if words and re.search(pattern, words) and next(steps) == number:
            os.write(tell, words.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    audit_more()
    sys.addaudithook(hook)


def killed_run(options: Options, number: int, pattern: str) -> tuple[str, int]:
    """(the step, how the process ended) of a run that is killed at step *number*; it ends with 0 if it has fewer."""
    listen, tell = os.pipe()
    child = os.fork()
    if child == 0:
        die_at(number, pattern, tell)
        os._exit(1 if converge(options) else 0)
    os.close(tell)
    status = os.waitpid(child, 0)[1]
    # a program that it had started goes on, systemctl above all: a next run comes later than that
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    with os.fdopen(listen) as pipe:
        return pipe.read(), os.waitstatus_to_exitcode(status)


def temporary_files() -> list[str]:
    """The temporary files and folders that are there now."""
    found = [*DAEMON_JSON.parent.glob(".*"), *Path(HOME).rglob(".*"), *temp_dirs.leftovers()]
    return sorted(map(str, found))


def start_over(text: str) -> None:
    """The host as at first: daemon.json, what the collection remembers, no temporary files; dockerd reads it."""
    DAEMON_JSON.write_text(text, encoding="utf-8")
    temp_dirs.remove_leftovers()
    for path in temporary_files():
        Path(path).unlink()
    shutil.rmtree(HOME, ignore_errors=True)
    if MEMORY_OF_START.exists():
        shutil.copytree(MEMORY_OF_START, HOME)
    subprocess.run(["systemctl", "reset-failed", "docker.service"], check=True)
    subprocess.run(["systemctl", "reload-or-restart", "docker.service"], check=True)


def shown() -> dict[str, Any]:
    """What dockerd itself shows of its configuration, nothing if it does not answer."""
    docker = Docker()
    if not docker.answers():
        return {}
    bridge = docker.get("/networks/bridge")["Options"]
    return {"labels": docker.get("/info")["Labels"] or [], "mtu": int(bridge["com.docker.network.driver.mtu"])}


def one_round(request: Request, start: str, number: int) -> Round:
    """Kill a run at step *number*, look, run again, look, add *by_hand*, run without options, look."""
    start_over(start)
    wanted = json.loads(json.dumps(request["wanted"]).replace("NUMBER", str(number)))
    step, end = killed_run(wanted, number, request["steps"])
    text, temporary = DAEMON_JSON.read_text(encoding="utf-8"), temporary_files()
    validate = ["dockerd", "--validate", "--config-file", str(DAEMON_JSON)]
    valid = subprocess.run(validate, check=False, capture_output=True).returncode == 0
    left_to_do = converge(wanted)
    converged, seen = DAEMON_JSON.read_text(encoding="utf-8"), shown()
    if request["by_hand"]:
        DAEMON_JSON.write_text(json.dumps({**json.loads(converged), **request["by_hand"]}), encoding="utf-8")
    left_to_do += converge({}, "never")  # a restart less to wait for
    return Round(
        step=step,
        end=end,
        text=text,
        valid=valid,
        temporary=temporary,
        left_to_do=left_to_do,
        converged=converged,
        shown=seen,
        back=json.loads(DAEMON_JSON.read_text(encoding="utf-8")),
    )


def main() -> None:
    """Rounds until a run comes to its end unharmed, which is the last one; as JSON, and daemon.json at the start."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    request: Request = json.loads(sys.argv[1])
    shutil.rmtree(MEMORY_OF_START, ignore_errors=True)
    start_over(request["theirs"])
    subprocess.run(["systemctl", "restart", "docker.service"], check=True)
    if request["formerly"] is not None:
        assert converge(request["formerly"]) == []
        shutil.copytree(HOME, MEMORY_OF_START)
    start = DAEMON_JSON.read_text(encoding="utf-8")
    rounds: list[Round] = []
    while not rounds or rounds[-1]["step"]:
        rounds.append(one_round(request, start, len(rounds) + 1))
    json.dump({"start": start, "rounds": rounds}, sys.stdout)


if __name__ == "__main__":
    main()
