"""The faults: what each is, and how it comes and goes. A table, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from campaign.network import DAY, Server, cut, instead, serving
from campaign.site import ROOT, Site

Run = subprocess.Popen[bytes]
LASTS = 20.0  # seconds, of those that come and go
# Processes of the host itself, not of its containers.
END = "pkill -KILL --ns 1 --nslist pid"


@dataclass(frozen=True)
class Fault:
    """*strikes* is entered at the moment and left when the run ended; *harms_builds*: a build may end with it."""

    name: str
    title: str
    strikes: Callable[[Site, Run], AbstractContextManager[None]]
    harms_builds: bool = True


@contextmanager
def signalled(_site: Site, run: Run, *, number: int) -> Iterator[None]:
    """The controller and all it started."""
    with suppress(ProcessLookupError):  # it ended by itself
        os.killpg(run.pid, number)
    yield


@contextmanager
def killed(site: Site, _run: Run, *, pattern: str) -> Iterator[None]:
    """Processes on the host."""
    site.on(f"{END} {pattern} || true")
    yield


@contextmanager
def power(site: Site, run: Run) -> Iterator[None]:
    """The host is off, and comes back when the run has noticed."""
    with site.off():
        wait(run)
    yield


@contextmanager
def unreachable(site: Site, run: Run, *, verdict: str) -> Iterator[None]:
    """Registries, for a while."""
    with cut(site, verdict):
        wait(run)
    yield


@contextmanager
def dragged(site: Site, run: Run) -> Iterator[None]:
    """Registries that answer slowly, until the run ends by itself."""
    port = _port(site)
    with Server(port, None), instead(site, port):
        wait(run, 300)
    yield


@contextmanager
def answered(site: Site, run: Run, *, of_our_ca: bool, begins: timedelta = -DAY) -> Iterator[None]:
    """Registries that are somebody else: with a certificate that is not theirs, or with nothing but errors."""
    port = _port(site)
    with tempfile.TemporaryDirectory() as folder:
        context = serving(Path(folder), of_our_ca=of_our_ca, begins=begins)
        with Server(port, context), instead(site, port):
            wait(run)
    yield


@contextmanager
def full(site: Site, run: Run, *, part: str, what: str) -> Iterator[None]:
    """A file system without room, for a while."""
    site.bound(part, what)
    try:
        wait(run)
    finally:
        site.unbound()
    yield


@contextmanager
def read_only(site: Site, run: Run) -> Iterator[None]:
    """/etc, for a while."""
    with site.read_only():
        wait(run)
    yield


def wait(run: Run, longest: float = LASTS) -> None:
    """Until the run ends, but no longer than a fault lasts: *longest* seconds."""
    end = time.monotonic() + longest
    while run.poll() is None and time.monotonic() < end:
        time.sleep(0.1)


def _port(site: Site) -> int:
    return 20_000 + 10 * int(site.name.rpartition("-")[2])


FAULTS = (
    Fault("interrupt", "controller interrupted (Ctrl-C)", partial(signalled, number=signal.SIGINT), harms_builds=False),
    Fault("controller", "controller killed", partial(signalled, number=signal.SIGKILL), harms_builds=False),
    Fault("module", "module killed on the host", partial(killed, pattern="--exact python3"), harms_builds=False),
    Fault("ssh", "ssh cut", partial(killed, pattern="--full 'sshd(-session)?: '"), harms_builds=False),
    Fault("dockerd", "dockerd killed", partial(killed, pattern="--exact dockerd")),
    Fault("containerd", "containerd killed", partial(killed, pattern="--exact containerd")),
    Fault("power", "power cut", power),
    Fault("refused", "registry down", partial(unreachable, verdict="REJECT --reject-with tcp-reset")),
    Fault("silent", "registry silent", partial(unreachable, verdict="DROP")),
    Fault("slow", "registry slow", dragged),
    Fault("errors", "registry answers 500", partial(answered, of_our_ca=True)),
    Fault("certificate", "registry with a certificate of another CA", partial(answered, of_our_ca=False)),
    Fault("clock", "registry's certificate begins tomorrow", partial(answered, of_our_ca=True, begins=DAY)),
    Fault("etc", "disk full under /etc", partial(full, part=ROOT, what="size")),
    Fault("etc-inodes", "no inode left under /etc", partial(full, part=ROOT, what="nr_inodes")),
    Fault("docker", "disk full under /var/lib/docker", partial(full, part="docker", what="size")),
    Fault("containerd-disk", "disk full under /var/lib/containerd", partial(full, part="containerd", what="size")),
    Fault("read-only", "/etc read-only", read_only),
)
