"""The hosts of the lab's fleet that the environment names."""

from __future__ import annotations

import os
from pathlib import Path

STATE = Path(os.environ.get("MULTIARCH_LAB_STATE", "/var/lib/multiarch-lab"))
NETWORK = os.environ.get("BENCHMARK_NETWORK", "198.51.100")
KNOWN_HOSTS = os.environ.get("BENCHMARK_KNOWN_HOSTS", str(STATE / "ssh/known_hosts"))

builders = [
    (
        name,
        {
            "ssh_hostname": f"{NETWORK}.{100 + int(name.removeprefix('fleet-'))}",
            "ssh_user": "root",
            "ssh_key": str(STATE / "ssh/id_ed25519"),
            "ssh_known_hosts_file": KNOWN_HOSTS,
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
        },
    )
    for name in os.environ["BENCHMARK_HOSTS"].split()
]
