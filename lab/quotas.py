"""Room for all hosts: they share one user of the machine, and with it that user's quotas of the kernel."""

from __future__ import annotations

from pathlib import Path

# The kernel's own defaults, 200, 20,000 and 128, are enough for a host or two: every container takes a key, every
# systemd and every journal a few watches.
WANTED = {
    "kernel/keys/maxkeys": 20_000,
    "kernel/keys/maxbytes": 2_000_000,
    "fs/inotify/max_user_instances": 1_024,
}


def ensure() -> None:
    """Raise what is lower. It stays after `down`: nothing depends on it being low."""
    for name, wanted in WANTED.items():
        file = Path("/proc/sys", name)
        if int(file.read_text()) < wanted:
            file.write_text(str(wanted))
