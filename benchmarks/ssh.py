"""`ssh HOST true` on N hosts at once: the floor that nothing over ssh can be below."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.hosts import chosen
from lab import keys


def main() -> int:
    """Exit status 1 if any host could not be reached."""
    running = [subprocess.Popen([*keys.command(one), "true"]) for one in chosen(int(sys.argv[1]))]
    return max(min(each.wait(), 1) for each in running)


if __name__ == "__main__":
    sys.exit(main())
