"""The disks of all hosts in the machine's memory, where that is asked for: a provisioning takes a fifth less time."""

from __future__ import annotations

import re
from pathlib import Path

from lab.command import run
from lab.progress import say
from lab.settings import DISKS, HOSTS

MEMINFO = Path("/proc/meminfo")  # proc_meminfo(5)
GIB = 1024**3
ROOM = 16 * GIB  # of all disks; the tests need 7 at most
NEEDED = 20 * GIB  # available: what runs on the hosts takes some, too


def available(meminfo: str) -> int:
    """Bytes that programs can have, of MEMINFO's text."""
    found = re.search(r"^MemAvailable: +(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def mount() -> None:
    """Before the first host, if MULTIARCH_LAB_DISKS is `memory` and there is enough."""
    if DISKS != "memory" or HOSTS.exists():
        return
    free = available(MEMINFO.read_text())
    if free < NEEDED:
        say(f"The disks of hosts stay on disk: {free // GIB} GiB of memory are available, {NEEDED // GIB} are needed")
        return
    HOSTS.mkdir(parents=True)
    run(["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "lab-hosts", str(HOSTS)])


def unmount() -> None:
    """After the last one."""
    if HOSTS.is_mount():
        run(["umount", "--lazy", str(HOSTS)])
