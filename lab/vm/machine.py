"""One virtual machine: QEMU over a disk of its own, started, asked and stopped."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lab import cgroup, debian, disk, identity, keys, network, trust_store
from lab.command import run, succeeds
from lab.errors import LabError
from lab.settings import BRIDGE, VM_DISKS
from lab.topology import Host
from lab.vm import root

PROCESSORS, MEMORY = 2, "3G"
DISK_SIZE = "16G"  # a sparse file
BOOT_SECONDS = 600.0  # on a busy machine; else less than one minute
PLUG_SECONDS = 30.0
# The disk is made of two read-only layers: the files of this host, and below them those of all.
FILL = """
mount -t overlay -o "lowerdir=$0:$1" lab "$2"
exec mke2fs -q -t ext4 -d "$2" "$3" "$4"
"""
STATE = "systemctl is-system-running --wait || systemctl --failed --plain --no-legend"
SSH_FAILED = 255  # ssh(1): not the command's status but its own
ENGINE = "docker version --format '{{.Server.Version}}'"


@dataclass(frozen=True)
class Files:
    """What a virtual machine has on this machine."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.ext4"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def ready(self) -> Path:
        """There while it is booted and was found to answer."""
        return self.folder / "ready"


def files_of(host: Host) -> Files:
    """Where the files of a virtual machine lie."""
    return Files(VM_DISKS / host.name)


def group_of(host: Host) -> str:
    """The name of its cgroup."""
    return f"vm-{host.name}"


def is_running(host: Host) -> bool:
    """Whether its QEMU is alive."""
    return cgroup.has_processes(group_of(host))


def is_ready(host: Host) -> bool:
    """Whether it is booted, too."""
    return is_running(host) and files_of(host).ready.exists()


def cable(host: Host) -> str:
    """Its end of the bridge, named as those of nspawn; the kernel removes it when QEMU ends."""
    return f"vb-{host.name}"


def qemu(host: Host, files: Files, base: Path) -> list[str]:
    """The command that boots the base's kernel with this disk (qemu-system-aarch64(1))."""
    card = ":".join(f"{byte:02x}" for byte in b"\x52\x54\x00" + host.address.packed[1:])  # QEMU's own prefix
    drive = f"if=none,id=disk,format=raw,cache=unsafe,file={str(files.disk).replace(',', ',,')}"
    return [
        *("qemu-system-aarch64", "-name", host.name, "-machine", "virt,gic-version=3", "-cpu", host.name),
        *("-accel", "tcg,thread=multi", "-smp", str(PROCESSORS), "-m", MEMORY),
        *("-nodefaults", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(root.kernel(base)), "-initrd", str(root.initrd(base))),
        *("-append", "root=/dev/vda rw console=ttyAMA0"),
        *("-drive", drive, "-device", "virtio-blk-pci,drive=disk"),
        # Cards without the program for booting from a network, which is another package.
        *("-netdev", f"tap,id=bridge,ifname={cable(host)},script=no,downscript=no"),
        *("-device", f"virtio-net-pci,netdev=bridge,mac={card},romfile="),
        *("-device", "virtio-rng-pci"),
    ]


def make_disk(host: Host, base: Path) -> None:
    """A fresh disk: the base, and what makes it this host."""
    files = files_of(host)
    disk.discard(files.folder)
    own, view = files.folder / "own", files.folder / "view"
    for folder in (own, view):
        folder.mkdir(parents=True)
    for file in (*identity.files(host), *trust_store.files(base)):
        disk.plant(base, own, file, first_uid=0)
    fill = ["sh", "-ec", FILL, str(own), str(base), str(view), str(files.disk), DISK_SIZE]
    run(cgroup.inside(cgroup.make(group_of(host)), [*debian.OWN_MOUNTS, *fill]))
    shutil.rmtree(own)
    view.rmdir()


def start(host: Host, base: Path) -> str:
    """Boot it with a fresh disk, and wait until it answers; the engine's version."""
    stop(host)
    make_disk(host, base)
    files = files_of(host)
    with files.console.open("wb") as console:
        supervisor = subprocess.Popen(
            cgroup.inside(cgroup.make(group_of(host)), qemu(host, files, base)),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    _plug(host, supervisor)
    engine = _wait_ready(host, supervisor)
    files.ready.touch()
    return engine


def _plug(host: Host, supervisor: subprocess.Popen[bytes]) -> None:
    """Put its cable into the bridge as soon as QEMU has made it."""
    end = time.monotonic() + PLUG_SECONDS
    while not succeeds(["ip", "link", "set", cable(host), "master", BRIDGE, "up"]):
        if supervisor.poll() is not None or time.monotonic() > end:
            raise _ended(host)
        time.sleep(0.1)


def _ended(host: Host) -> LabError:
    console = files_of(host).console
    tail = "\n".join(console.read_text(errors="replace").splitlines()[-8:])
    return LabError(f"{host.name} did not boot; the end of {console}:\n{tail}")


def _wait_ready(host: Host, supervisor: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + BOOT_SECONDS
    while True:
        state = ask(host, STATE)
        if state.returncode != SSH_FAILED:
            break
        if supervisor.poll() is not None or time.monotonic() > end:
            raise LabError(f"{_ended(host)}\nssh: {state.stderr.strip()}")
        time.sleep(1)
    if state.stdout.strip() != "running":
        raise LabError(f"{host.name} booted with failed units:\n{state.stdout.strip()}")
    engine = ask(host, ENGINE)
    if engine.returncode:
        raise LabError(f"dockerd on {host.name} does not answer: {engine.stderr.strip()}")
    return engine.stdout.strip()


def ask(host: Host, script: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell as root inside, by ssh, and return what it said."""
    return subprocess.run(
        [*keys.command(host), script], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def end(host: Host) -> None:
    """End it at once; its disk and what it said stay."""
    files_of(host).ready.unlink(missing_ok=True)
    cgroup.kill(group_of(host))
    network.unplug(host.name)


def stop(host: Host) -> None:
    """End it and discard its disk."""
    end(host)
    disk.discard(files_of(host).folder)
