"""The lab from a test's point of view: hosts that are asked without ssh, and playbooks that are run for real."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from lab.__main__ import main
from lab.host import entry
from lab.topology import HOSTS
from tests.hosts.ansible_playbook import forked, started


@dataclass(frozen=True)
class Run:
    """A finished ansible-playbook."""

    status: int
    output: str

    def says(self, words: str) -> bool:
        """Whether *words* are in the output, however it is wrapped and quoted."""
        return words in " ".join(self.output.replace("''", "'").split()) or words in self.output

    def summary(self, host: str) -> str:
        """What the last lines say of *host*, which has one of its own."""
        return next(line.partition(": ")[2] for line in self.output.splitlines() if line.startswith(f"{host}: "))

    def recap(self, host: str) -> dict[str, int]:
        """The counts of the last lines, such as {"ok": 2, "changed": 0, "failed": 0, "unreachable": 0}."""
        line = next(line for line in self.output.splitlines() if line.startswith(f"{host} ") and "unreachable=" in line)
        return {key: int(value) for key, value in (field.split("=") for field in line.split(":", 1)[1].split())}


def lab(*arguments: str) -> None:
    """`python -m lab ARGUMENTS`, without starting Python. The test fails if the lab does, with what it said."""
    assert main(arguments) == 0, f"lab {' '.join(arguments)}"


def on(host: str, script: str, stdin: str = "") -> str:
    """Run a shell script as root on a host, not by ssh; its output. The test fails if the script does.

    As `python -m lab run` does it, but for the fifth of a second that starting Python takes.
    """
    command = entry(next(each for each in HOSTS if each.name == host), ["sh", "-ec", script])
    assert command is not None, f"{host} does not run"
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"on {host}: {script}\n{done.stdout}{done.stderr}"
    return done.stdout


def playbook(
    name: str,
    *arguments: str,
    limit: str,
    variables: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
) -> Run:
    """Run playbooks/NAME.yml on *limit* of the lab, with *variables* over those of the inventory."""
    given = [f"playbooks/{name}.yml", "--limit", limit, *arguments]
    given += ["--inventory", "inventory/lab", "--inventory", "tests/hosts/inventory.yml"]
    if variables:
        given += ["--extra-vars", json.dumps(variables)]
    return Run(*(started(given, environment) if environment else forked(given)))


def snapshot(host: str) -> str:
    """Everything on a host that the tool could change: files with mode, owner and content, images, handlers."""
    return on(
        host,
        "find /etc /usr/local /root /home /var/lib/multiarch-builders -type f ! -path '*/.ansible/*' ! -path /etc/mtab "
        "-printf '%p %m %U:%G ' -exec sha256sum {} ';' 2>/dev/null | sort;"
        "docker ps --all --format '{{.ID}} {{.Names}} {{.Status}}' | cut -d' ' -f1,2; docker images --quiet | sort;"
        "grep -rs . /proc/sys/fs/binfmt_misc | grep -v register | sort; systemctl show --property=MainPID docker",
    )
