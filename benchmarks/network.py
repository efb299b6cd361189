"""How the hosts are reached: as they are, or through a relay that makes each round trip take 30 ms."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import hosts
from lab import keys
from lab.settings import NETWORK
from lab.topology import Host

ROOT = Path(__file__).parents[1]
DELAYED = "127.1.0"  # all of 127.0.0.0/8 is this machine
ROUND_TRIP = 0.03
# For contenders' inventories: the first three numbers of the hosts' addresses, and the file with the hosts' keys.
PREFIX_VARIABLE, KEYS_VARIABLE = "BENCHMARK_NETWORK", "BENCHMARK_KNOWN_HOSTS"


def address(one: Host) -> str:
    """The address by which a contender reaches a host."""
    prefix = os.environ.get(PREFIX_VARIABLE) or str(NETWORK.network_address).rpartition(".")[0]
    return f"{prefix}.{_number(one)}"


def known_hosts() -> str:
    """The file with the keys of hosts at these addresses."""
    return os.environ.get(KEYS_VARIABLE) or str(keys.KNOWN_HOSTS)


def _number(one: Host) -> str:
    return str(one.address).rpartition(".")[2]


@contextmanager
def direct(_count: int) -> Iterator[Mapping[str, str]]:
    """The lab's own network: nothing to set."""
    yield {}


@contextmanager
def delayed(count: int) -> Iterator[Mapping[str, str]]:
    """Run the relay, beside what is measured; what a contender's environment needs to go through it."""
    machines = hosts.chosen(count)
    pairs = [f"{DELAYED}.{_number(one)}={one.address}" for one in machines]
    command = [sys.executable, "-m", "benchmarks.relay", str(ROUND_TRIP / 2), *pairs]
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "known_hosts")
        lines = (f"{DELAYED}.{_number(one)} {keys.public(keys.host_key(one))}\n" for one in machines)
        known.write_text("".join(lines))
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as relay:
            try:
                if not relay.stdout or not relay.stdout.readline():
                    raise SystemExit(f"The relay does not listen on {DELAYED}.*:22: is an sshd on all addresses?")
                yield {PREFIX_VARIABLE: DELAYED, KEYS_VARIABLE: str(known)}
            finally:
                relay.kill()
