"""One fault: a run of the playbook, struck at a moment; what is left; and a run without a fault."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign import outside
from campaign.faults import Fault
from campaign.site import Site
from lab.settings import IMAGES_FILE

ROOT = Path(__file__).parents[1]
INVENTORIES = ("--inventory=inventory/lab", "--inventory=tests/hosts/inventory.yml")
LONGEST = 600.0  # seconds of a run: then it hangs
HANGS = 1000  # the status of such a run
BUILD = 15  # seconds of the build that runs meanwhile
_FIRST: dict[str, Any] = {
    "builder_platforms": ["amd64", "arm64"],
    # Others have images and a container in the store that Docker began with.
    "builder_daemon_options": {"features": {"containerd-snapshotter": None}},
    "builder_drain_timeout": 60,
    "builder_verify_repository": "",
}
_THEN: dict[str, Any] = {
    **_FIRST,
    "builder_platforms": ["amd64", "arm64", "s390x"],
    "builder_gc": {"max": "2GB"},
    "builder_dns": ["198.51.100.2"],
}
# A new host is made a builder; then it is described in another way.
VARIABLES = {"fresh": _FIRST, "change": _THEN}


@dataclass(frozen=True)
class Outcome:
    """What became of a host: *wrong* right after the fault, *after* a run without one, which ended with *clean*."""

    fault: str
    state: str
    moment: float
    struck: bool
    status: int
    wrong: list[str] = field(default_factory=list)
    clean: int = 0
    after: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def recovered(self) -> bool:
        """Whether one run without a fault made the host as asked."""
        return self.clean == 0 and not self.after


def start(limit: str, variables: dict[str, Any], output: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """The playbook for the hosts of *limit*, in a process group of its own."""
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "playbooks/provision-builders.yml"]
    command += ["--limit", limit, "--extra-vars", json.dumps(variables), *arguments]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    with output.open("wb") as file:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def provision(limit: str, variables: dict[str, Any], *arguments: str) -> tuple[int, str]:
    """A run to its end: (status, output)."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        status = ended(start(limit, variables, output, *arguments))
        return status, output.read_text(errors="replace")


def ended(run: subprocess.Popen[bytes]) -> int:
    """The status it ends with; HANGS for one that does not end by itself."""
    try:
        return run.wait(LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return HANGS


def build(site: Site) -> subprocess.Popen[str] | None:
    """A build of somebody else, under way for a while; None where there is no builder."""
    if site.on("test -e /root/.docker/buildx/instances/multiarch").returncode:
        return None
    base = json.loads(IMAGES_FILE.read_text())["base"]["reference"]
    dockerfile = f"FROM {base}\\nRUN sleep {BUILD} && date > /done\\n"
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lab",
            "run",
            site.name,
            "--",
            f"printf '{dockerfile}' | docker buildx build --no-cache -",
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def experiment(site: Site, fault: Fault, state: str, moment: float, expected: float) -> Outcome:
    """Strike at *moment*, a part of the *expected* seconds."""
    variables = VARIABLES[state]
    building = build(site)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        run = start(site.name, variables, output, *INVENTORIES)
        struck = _sleep(run, moment * expected)
        with fault.strikes(site, run):
            status = ended(run)
        said = output.read_text(errors="replace")
    outside.wait_for_module(site)
    wrong = outside.wrong(site)
    if status == HANGS:
        wrong.append(f"the run did not end in {LONGEST:.0f} s")
    if building is not None:
        told_by_build = building.communicate()[0]
        if building.returncode and not fault.harms_builds:
            wrong.append(f"a build of somebody else ended: {told_by_build[-300:]}")
    clean, told = provision(site.name, variables, *INVENTORIES)
    after = [*outside.wrong(site), *outside.leftovers(site)]
    again, more = provision(site.name, variables, *INVENTORIES, "--check")
    if again or "changed=0" not in more:
        after.append(f"a further run has something to do: {more[-300:]}")
    if "no proof has passed" in more or "not proven yet" in more:
        after.append(f"the clean run left something unproven: {more[-300:]}")
    tail = f"{said[-3000:]}\n--- clean run ---\n{told[-3000:]}" if wrong or clean or after else ""
    return Outcome(fault.name, state, moment, struck, status, wrong, clean, after, tail)


def _sleep(run: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the moment; False if the run ended before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if run.poll() is not None:
            return False
        time.sleep(0.02)
    return True
