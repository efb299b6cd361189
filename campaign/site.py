"""One host of the campaign: its disk has bounds that can be moved, its network can be spoilt, its power cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import disk, fleet, host, identity
from lab.command import run
from lab.topology import HOSTS, Host

# File systems of a host's disk: the root's changes, which overlayfs keeps in two folders, and what engines keep.
ROOT = "changes"
PARTS = {ROOT: ("upper", "work"), "docker": (), "containerd": ()}
ROOM = "size=6g,nr_inodes=500k"


@dataclass(frozen=True)
class Site:
    """A lab host by its name."""

    name: str

    @property
    def host(self) -> Host:
        """As the lab knows it."""
        return next(one for one in HOSTS if one.name == self.name)

    @property
    def files(self) -> Path:
        """What differs from the base on its disk, as the machine sees it."""
        return disk.disk_of(self.host).upper

    def part(self, name: str) -> Path:
        """Where a part of its disk is mounted."""
        return disk.disk_of(self.host).folder / name

    def on(self, script: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A shell script as root inside, not by ssh."""
        command = host.entry(self.host, ["sh", "-ec", script])
        if command is None:
            return subprocess.CompletedProcess(script, 255, "", f"{self.name} is down")
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)

    def must(self, script: str, stdin: str = "") -> str:
        """The same, which has to succeed."""
        done = self.on(script, stdin)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def make(self) -> None:
        """As new, with parts of its disk in memory: only there their size and inodes can be changed at any moment."""
        self.discard()
        material = fleet.prepare([self.host], None)
        disk.ensure(self.host, material.bases[self.host.base.name], identity.files(self.host))
        for name, folders in PARTS.items():
            self._mount(name)
            for folder in folders:
                made = self.part(folder)
                run(["mv", str(made), str(self.part(name))])  # keeps owners, which shutil.move does not
                made.symlink_to(self.part(name) / folder)
        self.boot()

    def _mount(self, name: str) -> None:
        place = self.part(name)
        place.mkdir(exist_ok=True)
        owner = place.stat()
        options = f"{ROOM},mode={owner.st_mode & 0o7777:o},uid={owner.st_uid},gid={owner.st_gid}"
        run(["mount", "-t", "tmpfs", "-o", options, f"campaign-{self.name}", str(place)])

    def boot(self) -> None:
        """Boot what is off."""
        material = fleet.prepare([self.host], None)
        host.wait_ready(self.host, host.start(self.host, material.layers(self.host)))

    def cut_power(self) -> None:
        """End it at once; what was not written to its disk is gone."""
        host.kill(self.host)

    @contextmanager
    def off(self) -> Iterator[None]:
        """No power meanwhile."""
        self.cut_power()
        try:
            yield
        finally:
            self.boot()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """/etc takes no file meanwhile; it is busy as long as one in it is being written."""
        self.must("mount --bind /etc /etc; timeout 30 sh -c 'until mount -o remount,bind,ro /etc; do sleep 0.01; done'")
        try:
            yield
        finally:
            self.must("umount --lazy /etc")

    def bound(self, part: str, what: str) -> None:
        """Leave no room in *part*: *what* is `size` or `nr_inodes`."""
        statistics = shutil.disk_usage(self.part(part))
        inodes = os.statvfs(self.part(part))
        used = {"size": statistics.used, "nr_inodes": inodes.f_files - inodes.f_ffree}[what]
        run(["mount", "-o", f"remount,{what}={used}", str(self.part(part))])

    def unbound(self) -> None:
        """Room again in all parts."""
        for name in PARTS:
            run(["mount", "-o", f"remount,{ROOM}", str(self.part(name))])

    def discard(self) -> None:
        """No host, and nothing of its disk."""
        host.kill(self.host)
        for name in PARTS:
            if self.part(name).is_mount():
                run(["umount", "--lazy", str(self.part(name))])
        disk.discard(disk.disk_of(self.host).folder)
