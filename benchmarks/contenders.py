"""Who takes part, and the command line of each. Nothing here runs anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import ansible_mitogen

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MITOGEN = Path(ansible_mitogen.__file__).parent / "plugins/strategy"


@dataclass(frozen=True)
class Task:
    """What is asked of a contender: this many hosts, trusting this CA file."""

    hosts: int
    ca: Path


@dataclass(frozen=True)
class Contender:
    """*command* makes the command line; *environment* comes on top of what all have."""

    name: str
    title: str
    command: Callable[[Task], list[str]]
    environment: Mapping[str, str]
    converges: bool = True  # False: it changes nothing, so it takes part where nothing is to be changed


def _ansible(playbook: str) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        hosts = f"builders[0:{task.hosts - 1}]"
        variables = ("--extra-vars", f"ca={task.ca}")
        return [str(BIN / "ansible-playbook"), "-i", "benchmarks/inventory", playbook, "--limit", hosts, *variables]

    return command


def _pyinfra(_task: Task) -> list[str]:
    return [str(BIN / "pyinfra"), "--yes", "benchmarks/pyinfra/inventory.py", "benchmarks/pyinfra/deploy.py"]


def _ssh(task: Task) -> list[str]:
    return [sys.executable, "-m", "benchmarks.ssh", str(task.hosts)]


OURS = "multiarch.builders"
CONTENDERS = (
    Contender("ours", OURS, _ansible("playbooks/provision-builders.yml"), {}),
    Contender("stock", "stock tasks", _ansible("benchmarks/stock/site.yml"), {}),
    Contender(
        "mitogen",
        "stock tasks, Mitogen",
        _ansible("benchmarks/stock/site.yml"),
        {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(MITOGEN)},
    ),
    Contender("pyinfra", "pyinfra", _pyinfra, {}),
    Contender("ssh", "ssh true", _ssh, {}, converges=False),
)


def environment(contender: Contender, task: Task, connections: Path) -> dict[str, str]:
    """The environment of a run. *connections* is a new folder, so that each run opens its own connections."""
    return {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(connections),
        "BENCHMARK_HOSTS": str(task.hosts),
        "BENCHMARK_CA": str(task.ca),
        **contender.environment,
    }
