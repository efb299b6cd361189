"""python -m tests.hosts.arm64 [--cpu NAME]...: the product from beginning to end on hosts with arm64 processors.

They are the lab's virtual machines, as new. It takes about a quarter of an hour for each and is no part of `make test`;
docs/compatibility.md has its results. Before, between and after the steps a dynamic program for 32-bit Arm is timed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lab import keys
from lab.__main__ import main as lab
from lab.images import packages, tree
from lab.topology import VMS, Host
from tests.hosts.ansible_playbook import BIN, ENVIRONMENT, ROOT, started

INVENTORY = "inventory/lab-arm64"
PACKAGES = ("busybox:armhf", "libc6:armhf")
SUM = "BEGIN { for (i = 0; i < 1500000; i++) s += i % 7; print s }"
# Run as a host's root: what the program says of the machine, and pairs of its time and that of a yardstick, a loop of
# Python on the processor itself, as what an emulated processor does in a second depends on what else this machine does.
MEASURE = f"""
import json, subprocess, time
program = ["chroot", "/opt/armhf", "/usr/bin/busybox"]
asked = subprocess.run([*program, "uname", "-m"], capture_output=True, text=True)
def seconds(act):
    begin = time.monotonic()
    act()
    return time.monotonic() - begin
def program_for_arm():
    subprocess.run([*program, "awk", {SUM!r}], check=True, capture_output=True)
def itself():
    sum(number % 7 for number in range(3000000))
pairs = [(seconds(program_for_arm), seconds(itself)) for _ in range(0 if asked.returncode else 4)]
print(json.dumps([asked.stdout.strip(), pairs]))
"""
HANDLERS = "cd /proc/sys/fs/binfmt_misc 2>/dev/null && ls | grep -v -e register -e status | tr '\\n' ' '"
IMAGES = "docker image ls --format '{{.Repository}}:{{.Tag}}' | sort | tr '\\n' ' '"


def on(host: Host, script: str, stdin: bytes = b"") -> str:
    """What a shell script says, run by ssh; the walk ends if it fails."""
    patient = keys.command(host, timeout=300)  # an emulated processor, on a machine that does other work too
    done = subprocess.run([*patient, script], input=stdin, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"on {host.name}: {script}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode().strip()


def plant(host: Host) -> str:
    """Put Debian's dynamic busybox for 32-bit Arm into a folder of the host, to be its root, and time it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        for archive in packages.download(Path(folder), host.base.suite, PACKAGES):
            packages.unpack(archive, root)
        for name in ("bin", "lib"):
            if not (root / name).exists():
                tree.link(root, f"/{name}", f"usr/{name}")
        archive = tree.pack(root, Path(folder, "armhf.tar"))
        on(host, "mkdir -p /opt/armhf && tar -x -C /opt/armhf", archive.read_bytes())
    return timed(host)


def timed(host: Host) -> str:
    """How the program for 32-bit Arm runs now."""
    machine, pairs = json.loads(on(host, "python3 -", MEASURE.encode()))
    if not pairs:
        return "does not run"
    ratios = sorted(program / yardstick for program, yardstick in pairs)
    each = ", ".join(f"{program:.1f} s for {yardstick:.1f} s" for program, yardstick in pairs)
    return f"{ratios[0]:.2f} to {ratios[-1]:.2f} of the yardstick ({each}), uname -m: {machine}"


def playbook(host: Host, name: str, *arguments: str) -> str:
    """The last lines of a playbook, with its status if it failed."""
    given = [f"playbooks/{name}.yml", "--inventory", INVENTORY, "--limit", host.name, *arguments]
    status, output = started(given, ENVIRONMENT)
    Path(ROOT, ".build/arm64").mkdir(parents=True, exist_ok=True)
    Path(ROOT, f".build/arm64/{host.name}-{name}.log").write_text(output)
    kept = [line for line in output.splitlines() if line.startswith(f"{host.name}") and "unreachable=" not in line]
    return "\n".join([*([f"FAILED, status {status}"] if status else []), *kept])


def checks(host: Host) -> str:
    """What `make verify` says in the end; one process, as more of them are too slow for ssh here."""
    command = [
        str(BIN / "pytest"),
        "verification",
        f"--ansible-inventory={INVENTORY}",
        f"--hosts=ansible://{host.name}",
    ]
    done = subprocess.run([*command, "-q", "-rsf"], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "SKIPPED", "ERROR"))]
    return "\n".join([*lines, done.stdout.strip().rpartition("\n")[2]])


def reported(host: Host) -> str:
    """How each platform runs, of the report."""
    with tempfile.TemporaryDirectory() as folder:
        failed = playbook(host, "report-builders", "--extra-vars", json.dumps({"builder_report_dest": folder}))
        rows = json.loads(Path(folder, "builders.json").read_text())["hosts"][0]["platforms"]
    return "\n".join([failed, *(json.dumps(row) for row in rows)]).strip()


def walk(host: Host) -> None:
    """All steps, each with its time; what a step says is indented below it."""
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("the host", lambda: on(host, "uname -rm; dmesg | grep -i '32-bit EL0' || :")),
        ("handlers and images", lambda: f"{on(host, HANDLERS)} | {on(host, IMAGES)}"),
        ("armhf program", lambda: plant(host)),
        ("provision", lambda: playbook(host, "provision-builders")),
        ("handlers", lambda: on(host, HANDLERS)),
        ("armhf program", lambda: timed(host)),
        ("provision again", lambda: playbook(host, "provision-builders")),
        ("report", lambda: reported(host)),
        ("verify", lambda: playbook(host, "verify-builders")),
        ("make verify", lambda: checks(host)),
        ("retire", lambda: playbook(host, "retire-builders")),
        ("handlers and images", lambda: f"{on(host, HANDLERS)} | {on(host, IMAGES)}"),
        ("armhf program", lambda: timed(host)),
    )
    for name, step in steps:
        begin = time.monotonic()
        said = step() or "-"
        print(f"{host.name}: {name}: {time.monotonic() - begin:.0f} s", flush=True)
        print("\n".join(f"    {line}" for line in said.splitlines()), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0 once every step was tried; what failed is in the text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu", action="append", dest="cpus", choices=[one.name for one in VMS])
    parser.add_argument("--images", metavar="DIR", help="archives, as of `python -m lab vm up`")
    parser.add_argument("--keep", action="store_true", help="leave the last machine running")
    options = parser.parse_args(argv)
    for host in [one for one in VMS if one.name in (options.cpus or [one.name])]:
        lab(["vm", "down", "--cpu", host.name])
        images = ["--images", options.images] if options.images else []
        if status := lab(["vm", "up", "--cpu", host.name, *images]):
            return status
        try:
            walk(host)
        finally:
            if not options.keep:
                lab(["vm", "down", "--cpu", host.name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
