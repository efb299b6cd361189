"""The lab from a test's point of view: hosts that are asked without ssh, and playbooks that are run for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.host import entry
from lab.topology import HOSTS

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook."""

    status: int
    output: str

    def says(self, words: str) -> bool:
        """Whether *words* are in the output, however it is wrapped and quoted."""
        return words in " ".join(self.output.replace("''", "'").split()) or words in self.output

    def recap(self, host: str) -> dict[str, int]:
        """The counts of the last lines, such as {"ok": 2, "changed": 0, "failed": 0, "unreachable": 0}."""
        line = next(line for line in self.output.splitlines() if line.startswith(f"{host} ") and "unreachable=" in line)
        return {key: int(value) for key, value in (field.split("=") for field in line.split(":", 1)[1].split())}


def lab(*arguments: str) -> str:
    """`python -m lab ARGUMENTS`; its output. The test fails if the lab does."""
    command = [sys.executable, "-m", "lab", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"lab {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout


def on(host: str, script: str, stdin: str = "") -> str:
    """Run a shell script as root on a host, not by ssh; its output. The test fails if the script does.

    As `python -m lab run` does it, but for the fifth of a second that starting Python takes.
    """
    command = entry(next(each for each in HOSTS if each.name == host), ["sh", "-ec", script])
    assert command is not None, f"{host} does not run"
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"on {host}: {script}\n{done.stdout}{done.stderr}"
    return done.stdout


def playbook(name: str, *arguments: str, limit: str, variables: dict[str, Any] | None = None) -> Run:
    """Run playbooks/NAME.yml on *limit* of the lab, with *variables* over those of the inventory."""
    command = [str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", "--limit", limit, *arguments]
    command += ["--inventory", "inventory/lab", "--inventory", "tests/hosts/inventory.yml"]
    if variables:
        command += ["--extra-vars", json.dumps(variables)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    return Run(done.returncode, done.stdout + done.stderr)


def snapshot(host: str) -> str:
    """Everything on a host that the tool could change: files with mode, owner and content, images, handlers."""
    return on(
        host,
        "find /etc /usr/local /root /home /var/lib/multiarch-builders -type f ! -path '*/.ansible/*' ! -path /etc/mtab "
        "-printf '%p %m %U:%G ' -exec sha256sum {} ';' 2>/dev/null | sort;"
        "docker ps --all --format '{{.ID}} {{.Names}} {{.Status}}' | cut -d' ' -f1,2; docker images --quiet | sort;"
        "grep -rs . /proc/sys/fs/binfmt_misc | grep -v register | sort; systemctl show --property=MainPID docker",
    )
