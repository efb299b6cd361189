"""python -m lab vm up|down|list: the virtual machines as a whole."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import fleet, keys
from lab.errors import LabError, RefusalError
from lab.lock import lock_of, locked
from lab.progress import say
from lab.topology import HOSTS, VMS, Host
from lab.vm import machine, root

TOOLS = {"qemu-system-aarch64": "qemu-system-arm", "mke2fs": "e2fsprogs"}  # command → the Debian package that has it
TUN = Path("/dev/net/tun")
IMAGES = ("binfmt_arm64", "buildkit_arm64")
ABILITIES = {"cortex-a72": "runs programs for 32-bit Arm itself", "a64fx": "runs none for 32-bit Arm"}


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `vm` with its own commands, and return the parser of `up`."""
    parser = commands.add_parser("vm", help="hosts with arm64 processors, by QEMU's system emulation")
    actions = parser.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up", help=f"start one with a fresh disk, in minutes; without --cpu {VMS[0].name}")
    down = actions.add_parser("down", help="end them and discard their disks; without --cpu all")
    for command in (up, down):
        command.add_argument(
            "--cpu", action="append", dest="cpus", choices=[one.name for one in VMS], help="may be repeated"
        )
    actions.add_parser("list", help="the virtual machines")
    return up


def refusal(missing: Sequence[str], *, tun: bool) -> str | None:
    """Why this machine cannot have virtual machines, of the TOOLS it lacks, and the way out; or None."""
    if missing:
        packages = " ".join(sorted(TOOLS[tool] for tool in missing))
        return f"Virtual machines need {', '.join(missing)}: apt-get install --no-install-recommends {packages}"
    if not tun:
        return f"Virtual machines are on the lab's bridge, and there is no {TUN}: load the kernel's module tun."
    return None


def execute(options: argparse.Namespace) -> None:
    """Do what the command line says."""
    if options.action == "list":
        print("\n".join(rows()))
        return
    hosts = [one for one in VMS if one.name in (options.cpus or ())]
    with locked(lock_of("vm")):
        if options.action == "up":
            up(hosts or [VMS[0]], options.images)
        else:
            down(hosts or list(VMS))


def up(hosts: list[Host], archives: Path | None) -> None:
    """Start what does not run; the lab's registry before it."""
    found = refusal([tool for tool in TOOLS if not shutil.which(tool)], tun=TUN.exists())
    if found:
        raise RefusalError(found)
    if not fleet.is_up([registry()]):
        with locked():
            fleet.up([registry()], archives)
    with locked(kind=fcntl.LOCK_SH):
        base = root.ensure()
    with locked():
        keys.ensure()
        for image in IMAGES:
            fleet.serve(image, archives)
    with locked(kind=fcntl.LOCK_SH), ThreadPoolExecutor(len(hosts)) as pool:
        for future in [pool.submit(boot, one, base) for one in hosts]:
            future.result()


def registry() -> Host:
    """The host that serves images and names."""
    return next(host for host in HOSTS if host.is_registry)


def boot(host: Host, base: Path) -> None:
    """Start a machine unless it runs, and say so."""
    if machine.is_ready(host):
        say(f"Nothing to do: {host.name} is up already")
        return
    begin = time.monotonic()
    try:
        engine = machine.start(host, base)
    except LabError:
        machine.end(host)  # its console stays
        raise
    say(f"{host.name} {host.address} is up (Docker {engine}): {time.monotonic() - begin:.1f} s")


def down(hosts: list[Host]) -> None:
    """End them and discard their disks."""
    for one in hosts:
        machine.stop(one)


def rows() -> list[str]:
    """A line for each."""
    states = {True: "up", False: "starting"}
    lines = []
    for one in VMS:
        state = states[machine.is_ready(one)] if machine.is_running(one) else "down"
        lines.append(f"{one.name:<10} {one.address!s:<14} {state:<9} {one.ssh_user:<5} {ABILITIES[one.name]}")
    return lines
