"""Room for the kernel keys of all hosts: every container takes one, and all hosts share one user's quota."""

from __future__ import annotations

from pathlib import Path

QUOTA = {"maxkeys": 20_000, "maxbytes": 2_000_000}  # the kernel's own are 200 and 20,000: enough for a host or two
FOLDER = Path("/proc/sys/kernel/keys")


def ensure() -> None:
    """Raise what is lower. It stays after `down`: nothing depends on it being low."""
    for name, wanted in QUOTA.items():
        file = FOLDER / name
        if int(file.read_text()) < wanted:
            file.write_text(str(wanted))
