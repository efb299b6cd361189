"""One cgroup for each host and one for builds: the list of the lab's processes that no crash can lose.

A group names every process below it and kills them all at once (cgroup.kill, Linux 5.14), so there are no pid files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from lab.errors import LabError
from lab.settings import CGROUP, UID_BASE

WORK = "work"
ENTER = 'echo 0 >"$0/cgroup.procs" && exec "$@"'
REMOVE_SECONDS = 5.0
NONE_MOUNTED = (
    "The lab keeps its processes in cgroups, and no cgroup2 hierarchy is mounted: make one with "
    "`mount -t cgroup2 none /sys/fs/cgroup/unified`, in a folder of that name."
)
# What dockerd and runc need to limit a container's memory, processors and processes.
CONTROLLERS = ("cpu", "memory", "pids")
DELEGATED = ("", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


def mounted(kind: str) -> list[Path]:
    """Where hierarchies of a kind are mounted: cgroup2, or cgroup for the old ones."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return [Path(mountpoint) for _device, mountpoint, its_kind, *_ in mounts if its_kind == kind]


def _tops(kind: str) -> list[Path]:
    return [mountpoint / CGROUP for mountpoint in mounted(kind)]


@cache
def top() -> Path:
    """The lab's own group in the unified hierarchy: /sys/fs/cgroup, or below it where the machine is hybrid."""
    tops = _tops("cgroup2")
    if not tops:
        raise LabError(NONE_MOUNTED)
    return tops[0]


def _without(file: Path) -> list[str]:
    """The controllers that a group's file does not list."""
    there = file.read_text().split()
    return [each for each in CONTROLLERS if each not in there]


def why_no_limits() -> str:
    """Why limits of memory and processors do not act in the hosts of a lab that is up, and the remedy; else nothing."""
    machine = top().parent
    missing = _without(machine / "cgroup.controllers")
    old = [str(each) for each in mounted("cgroup") if {*each.name.split(",")} & {*missing}]
    if old:
        cause = f"{', '.join(old)} are of cgroup v1, and cannot be delegated"
        remedy = "boot this machine with cgroup_no_v1=all, or where it has systemd systemd.unified_cgroup_hierarchy=1"
    elif missing:
        cause = f"{machine}/cgroup.controllers has no {', '.join(missing)}"
        remedy = "have whatever runs this machine delegate them"
    elif missing := _without(top() / "cgroup.subtree_control"):
        cause = f"{machine} has processes of its own, so that {', '.join(missing)} cannot be enabled below it"
        remedy = "move them to a group below it before the lab starts"
    else:
        return ""
    return f"limits of memory and processors do not act in the lab's hosts: {cause}; {remedy}"


def _delegate_controllers() -> None:
    """Let hosts have the controllers that there are; nspawn passes them on to the host's systemd."""
    missing = _without(top().parent / "cgroup.controllers")
    wanted = " ".join(f"+{each}" for each in CONTROLLERS if each not in missing)
    with suppress(OSError):  # which is told by why_no_limits()
        for group in (top().parent, top()):
            (group / "cgroup.subtree_control").write_text(wanted)


def make(name: str, *, delegate: bool = False) -> Path:
    """Create a group; a delegated one belongs to the root user of the hosts' user namespace."""
    group = top() / name
    group.mkdir(parents=True, exist_ok=True)
    if delegate:
        _delegate_controllers()
        for file in DELEGATED:
            os.chown(group / file, UID_BASE, UID_BASE)
    return group


def inside(group: Path, argv: Sequence[str]) -> list[str]:
    """The command that runs argv in the group."""
    return ["sh", "-c", ENTER, str(group), *argv]


def has_processes(name: str) -> bool:
    """Whether anything lives in the group or below it."""
    try:
        return "populated 1" in (top() / name / "cgroup.events").read_text()
    except FileNotFoundError:
        return False


def processes(name: str) -> list[int]:
    """The processes in the group and below it."""
    found: list[int] = []
    for folder, _subfolders, _files in os.walk(top() / name):  # passes over groups that go away meanwhile
        with suppress(OSError):
            found += map(int, Path(folder, "cgroup.procs").read_text().split())
    return found


def cpu_seconds(name: str) -> float:
    """The processor time that everything in the group and below it has used."""
    usage = next(line for line in (top() / name / "cpu.stat").read_text().splitlines() if line.startswith("usage_usec"))
    return int(usage.split()[1]) / 1e6


def wait_empty(name: str, seconds: float) -> bool:
    """Wait until nothing lives in the group; False when time ran out."""
    end = time.monotonic() + seconds
    while has_processes(name):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def kill(name: str) -> None:
    """End every process in the group and remove it with all groups below."""
    group = top() / name
    if not group.is_dir():
        return
    (group / "cgroup.kill").write_text("1")
    if not wait_empty(name, 20):
        raise LabError(f"These processes of {name} survived SIGKILL: {processes(name)}")
    _remove(group)


def names() -> list[str]:
    """The groups that exist, running or left over."""
    return sorted(entry.name for entry in top().iterdir() if entry.is_dir()) if top().is_dir() else []


def remove_top() -> None:
    """Remove the lab's empty groups themselves."""
    # On a hybrid machine nspawn makes the same groups in the old hierarchy of systemd.
    for group in (top(), *_tops("cgroup")):
        _remove(group)


def _remove(group: Path) -> None:
    """Remove a group without processes; for a moment after the last one died the kernel still says it is busy."""
    for folder, _subfolders, _files in os.walk(group, topdown=False):
        end = time.monotonic() + REMOVE_SECONDS
        while True:
            try:
                Path(folder).rmdir()
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise LabError(
                        f"cgroup {folder} cannot be removed: {error}; processes: {processes('.')}"
                    ) from error
                time.sleep(0.01)
