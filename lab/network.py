"""The lab's bridge and the one firewall rule that lets hosts talk across it."""

from __future__ import annotations

import time
from pathlib import Path

from lab.command import run, succeeds
from lab.errors import RefusalError
from lab.settings import BRIDGE, MACHINE_ADDRESS, NETWORK

# Bridged packets pass the FORWARD chain where br_netfilter is loaded, and Docker on the machine drops there.
RULE = ["FORWARD", "-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT"]


def is_up() -> bool:
    """Whether the bridge and its rule are there."""
    return Path("/sys/class/net", BRIDGE).exists() and succeeds(["iptables", "-w", "-C", *RULE])


def check_range_is_free() -> None:
    """Refuse when another interface has the lab's range: two of them break routing without a word."""
    for line in run(["ip", "-4", "-o", "route", "show", "root", str(NETWORK)]).splitlines():
        if f"dev {BRIDGE} " not in f"{line} ":
            raise RefusalError(f"The lab's network {NETWORK} is routed elsewhere on this machine: {line.strip()}")


def up() -> None:
    """Bring up what is missing."""
    if not Path("/sys/class/net", BRIDGE).exists():
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
    run(["ip", "address", "replace", f"{MACHINE_ADDRESS}/{NETWORK.prefixlen}", "dev", BRIDGE])
    run(["ip", "link", "set", BRIDGE, "up"])
    if not succeeds(["iptables", "-w", "-C", *RULE]):
        run(["iptables", "-w", "-I", *RULE])


def unplug(name: str) -> None:
    """Remove the machine's end of a host's cable (nspawn calls it vb-NAME)."""
    cable = f"vb-{name}"
    if Path("/sys/class/net", cable).exists() and not succeeds(["ip", "link", "delete", cable]):
        time.sleep(0.1)  # the kernel was at it itself
    if Path("/sys/class/net", cable).exists():
        run(["ip", "link", "delete", cable])


def down() -> None:
    """Remove the bridge and every copy of the rule."""
    while succeeds(["iptables", "-w", "-D", *RULE]):
        pass
    if Path("/sys/class/net", BRIDGE).exists():
        run(["ip", "link", "delete", BRIDGE])
