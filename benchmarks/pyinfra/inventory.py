"""The hosts fleet-1 to fleet-N of the lab, N from the environment."""

from __future__ import annotations

import os
from pathlib import Path

STATE = Path(os.environ.get("MULTIARCH_LAB_STATE", "/var/lib/multiarch-lab"))

builders = [
    (
        f"fleet-{number}",
        {
            "ssh_hostname": f"198.51.100.{100 + number}",
            "ssh_user": "root",
            "ssh_key": str(STATE / "ssh/id_ed25519"),
            "ssh_known_hosts_file": str(STATE / "ssh/known_hosts"),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
        },
    )
    for number in range(1, int(os.environ["BENCHMARK_HOSTS"]) + 1)
]
