"""ansible-playbook as a fork of a process that has Ansible in memory, so that a short run takes two fifths of the time.

A run is all that the command does, from its arguments to its exit status, in a process of its own. Runs share what each
would make anew: imported code, and the modules that Ansible packs for hosts.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ENVIRONMENT = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500"}

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.hosts.ansible_in_memory"])
_PROCESSES = Lock()  # multiprocessing looks at all of a program's processes whenever one begins


def forked(arguments: Sequence[str]) -> tuple[int, str]:
    """(status, output) of `ansible-playbook ARGUMENTS`."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as output:
        process = _CONTEXT.Process(target=_become, args=(["ansible-playbook", *arguments], output.name))
        with _PROCESSES:
            process.start()
        wait([process.sentinel])
        with _PROCESSES:
            process.join()
        return process.exitcode or 0, output.read()


def _become(command: list[str], output: str) -> None:
    """Be that command in this process."""
    from tests.hosts.ansible_in_memory import PlaybookCLI  # noqa: PLC0415  # in memory here, and not in pytest

    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(ROOT)
    PlaybookCLI.cli_executor(command)


def started(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """The same by the command itself, with an environment that Ansible reads when it is imported."""
    command = [str(BIN / "ansible-playbook"), *arguments]
    given = {**os.environ, **ENVIRONMENT, **environment}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=given)
    return done.returncode, done.stdout + done.stderr
