"""python -m lab COMMAND: start, stop, list and repair the lab."""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from lab import fleet, host, requirements
from lab.errors import LabError, RefusalError
from lab.images import store
from lab.images.catalogue import IMAGES
from lab.lock import lock_of, locked
from lab.topology import HOSTS, Host
from lab.vm import commands as vm

ARCHIVES = (
    "folder with moby-buildkit.tar and tonistiigi-binfmt.tar, or for virtual machines moby-buildkit-arm64.tar and "
    "tonistiigi-binfmt-arm64.tar, as `docker save` writes them"
)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, unless other words are given."""
    parser = argparse.ArgumentParser(prog="lab", description="Real build hosts and a registry on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    names = [one.name for one in HOSTS]
    up = commands.add_parser("up", help="start the default hosts, or the named ones")
    up.add_argument("hosts", nargs="*", metavar="HOST", help=", ".join(names))
    image = commands.add_parser("image", help="have the mirror serve an image that it does not by itself")
    image.add_argument("image", metavar="IMAGE", choices=[one.name for one in IMAGES if not one.default])
    vm_up = vm.add_to(commands)
    environment = os.environ.get("MULTIARCH_LAB_IMAGES")
    for command in (up, image, vm_up):
        command.add_argument(
            "--images",
            type=Path,
            metavar="DIR",
            default=Path(environment) if environment else None,
            help=ARCHIVES,
        )
    commands.add_parser("down", help="end all hosts and discard their disks; the caches stay")
    commands.add_parser("list", help="the hosts and the images")
    for name, text in (
        ("stop", "end them and discard their disks"),
        ("reset", "a fresh disk, booted"),
        ("reboot", "shut down and boot again, same disk"),
    ):
        commands.add_parser(name, help=text).add_argument("hosts", nargs="+", metavar="HOST")
    run = commands.add_parser("run", help="run a command as root inside: run HOST -- COMMAND")
    run.add_argument("host", metavar="HOST")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser.parse_args(argv)


def chosen(names: list[str]) -> list[Host]:
    """The named hosts, or the default ones."""
    known = {one.name: one for one in HOSTS}
    for name in names:
        if name not in known:
            raise RefusalError(f"The lab has no host {name!r}; it has {', '.join(known)}.")
    return [known[name] for name in names] or [one for one in HOSTS if one.default]


def restart(command: Callable[[list[Host]], None], hosts: list[Host]) -> None:
    """Reset or reboot hosts: beside others where the lab is up, and alone where more than these has to be made."""
    with locked(kind=fcntl.LOCK_SH):
        if fleet.is_made_for(hosts):
            with ExitStack() as stack:
                for one in sorted(hosts, key=lambda one: one.name):  # in one order, so that no two wait for each other
                    stack.enter_context(locked(lock_of(one.name)))
                command(hosts)
            return
    with locked():
        command(hosts)


def run_inside(name: str, argv: list[str]) -> int:
    """One word is a shell's command line, more are a command and its arguments; none is a shell."""
    words = argv[1:] if argv[:1] == ["--"] else argv
    inner = ["bash", "-c", words[0]] if len(words) == 1 else words or ["bash"]
    command = host.entry(chosen([name])[0], inner)
    if command is None:
        raise LabError(f"{name} is not running; start it: python -m lab up {name}")
    return subprocess.run(command, check=False).returncode


def execute(options: argparse.Namespace) -> int:
    """Do what the command line says."""
    requirements.require_all()
    if getattr(options, "images", None):
        store.check_archives(options.images)
    match options.command:
        case "list":
            print("\n".join(fleet.rows()))
        case "run":
            return run_inside(options.host, options.argv)
        case "vm":
            vm.execute(options)
        case _:
            change(options, chosen(getattr(options, "hosts", [])))
    return 0


def change(options: argparse.Namespace, hosts: list[Host]) -> None:
    """Start, stop or repair hosts, or add an image, each under its lock."""
    match options.command:
        case "reset":
            restart(fleet.reset, hosts)
        case "reboot":
            restart(fleet.reboot, hosts)
        case "up":
            with locked():
                fleet.up(hosts, options.images)
        case "image":
            with locked():
                fleet.serve(options.image, options.images)
        case "stop":
            with locked():
                fleet.stop(hosts)
        case "down":
            with locked():
                fleet.down()


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed, 2 refused with nothing changed."""
    try:
        return execute(arguments(argv))
    except RefusalError as error:
        print(error, file=sys.stderr)
        return 2
    except LabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
