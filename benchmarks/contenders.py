"""Who takes part, and the command line of each. Nothing here runs anything."""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import former, hosts, network
from benchmarks.results import CONTENDERS as TITLES
from benchmarks.results import STATES

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MITOGEN = Path(sysconfig.get_path("purelib"), "ansible_mitogen/plugins/strategy")


@dataclass(frozen=True)
class Task:
    """What is asked of a contender: this many hosts, trusting this CA file, when nothing else changed if *trust*.

    *network* is the environment that says how to reach them.
    """

    hosts: int
    ca: Path
    trust: bool = False
    network: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """*command* makes the command line; *environment* comes on top of what all have."""

    name: str
    command: Callable[[Task], list[str]]
    changes: str = ""  # what its output has if it changed a host
    environment: Mapping[str, str] = field(default_factory=dict)
    prepares: bool = True  # False: another one that leaves the same hosts does
    states: tuple[str, ...] = tuple(STATES)  # those in which it takes part
    converges: bool = True  # False: it changes nothing, whatever the hosts are like
    planned: str = ""  # what its output has if it did more than it may where nothing is to be changed
    folder: Path = ROOT
    records_apart: bool = False  # True: it cannot read what this build records on hosts

    @property
    def title(self) -> str:
        """Its name in tables."""
        return TITLES[self.name]

    def changed(self, output: str) -> bool:
        """Whether its output says that it changed any host."""
        return bool(self.changes) and bool(re.search(self.changes, output))

    def did_plan(self, output: str) -> bool:
        """Whether its output says that the trace of a host did not hold."""
        return bool(self.planned) and bool(re.search(self.planned, output))


def _ansible(task: Task, playbook: str, *more: str) -> list[str]:
    limit = ",".join(one.name for one in hosts.chosen(task.hosts))
    variables = {"ca": str(task.ca)}
    if task.network:
        names = {"network": network.PREFIX_VARIABLE, "known_hosts": network.KEYS_VARIABLE}
        variables |= {name: task.network[variable] for name, variable in names.items()}
    arguments = ("--limit", limit, "--extra-vars", json.dumps(variables), *more)
    return [str(BIN / "ansible-playbook"), "-i", str(ROOT / "benchmarks/inventory"), playbook, *arguments]


def _ours(task: Task) -> list[str]:
    return _ansible(task, "playbooks/trust-registries.yml" if task.trust else "playbooks/provision-builders.yml")


def _unproven(task: Task) -> list[str]:
    return [*_ours(task), "--extra-vars", '{"builder_verify_due": []}']


def _full(task: Task) -> list[str]:
    return [*_ours(task), *FULL_PLAN]


def _stock(task: Task) -> list[str]:
    return _ansible(task, "benchmarks/stock/site.yml", *(("--tags", "trust") if task.trust else ()))


def _pyinfra(task: Task) -> list[str]:
    only = ("--data", "only=trust") if task.trust else ()
    return [str(BIN / "pyinfra"), "--yes", *only, "benchmarks/pyinfra/inventory.py", "benchmarks/pyinfra/deploy.py"]


def _ping(task: Task) -> list[str]:
    return _ansible(task, "benchmarks/ping.yml")


def _ssh(task: Task) -> list[str]:
    return [sys.executable, "-m", "benchmarks.ssh", str(task.hosts)]


FULL_PLAN = ("--extra-vars", "builder_full_plan=true")
IDLE = ("nothing", "delay")
CHANGED = r"changed=[1-9]"  # in Ansible's last lines
CONTENDERS = (
    Contender("ours", _ours, CHANGED, planned=r"TASK \[\S+ : Plan\]"),
    Contender("full", _full, CHANGED, prepares=False, states=("nothing",)),
    Contender("unproven", _unproven, CHANGED, prepares=False, states=("ca", "fresh")),
    Contender("former", _ours, CHANGED, folder=former.FOLDER, records_apart=True),
    Contender("stock", _stock, CHANGED),
    Contender(
        "mitogen",
        _stock,
        CHANGED,
        {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(MITOGEN)},
        prepares=False,
    ),
    Contender("pyinfra", _pyinfra, r"\] +Success"),
    Contender("ping", _ping, prepares=False, states=IDLE, converges=False),
    Contender("ssh", _ssh, prepares=False, states=IDLE, converges=False),
)


def environment(contender: Contender, task: Task, connections: Path) -> dict[str, str]:
    """The environment of a run. *connections* is a new folder, so that each run opens its own connections."""
    return {
        "ANSIBLE_CONFIG": str(contender.folder / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(connections),
        "BENCHMARK_HOSTS": " ".join(one.name for one in hosts.chosen(task.hosts)),
        "BENCHMARK_CA": str(task.ca),
        **task.network,
        **contender.environment,
    }
