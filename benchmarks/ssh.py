"""`ssh HOST true` on N hosts at once: the floor that nothing over ssh can be below."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import network
from benchmarks.hosts import chosen
from lab import keys
from lab.topology import Host


def command(one: Host) -> list[str]:
    """The lab's own ssh, by the network that the environment names: of an option given twice ssh takes the first."""
    ssh, *rest = keys.command(one)
    names = [f"HostName={network.address(one)}", f"UserKnownHostsFile={network.known_hosts()}"]
    return [ssh, *(part for name in names for part in ("-o", name)), *rest]


def main() -> int:
    """Exit status 1 if any host could not be reached."""
    running = [subprocess.Popen([*command(one), "true"]) for one in chosen(int(sys.argv[1]))]
    return max(min(each.wait(), 1) for each in running)


if __name__ == "__main__":
    sys.exit(main())
