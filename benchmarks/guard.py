"""python -m benchmarks.guard HOST: what the guard of a provisioned, idle host of the lab costs."""

from __future__ import annotations

import argparse
import time

from benchmarks.hosts import cpu_seconds
from lab import host
from lab.topology import HOSTS, Host

TIMER = "multiarch-builders-guard.timer"
# All of the program, also what it starts, with nothing that it saw before.
PEAK = """
import os, resource, subprocess
folder = "/run/multiarch-builders-guard/"
for name in ("seen", "history.json"):
    if os.path.exists(folder + name):
        os.unlink(folder + name)
subprocess.run(["/usr/bin/python3", "-ISB", "/usr/local/sbin/multiarch-builders-guard"], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def ask(one: Host, *command: str) -> str:
    """The output of a command on the host."""
    answer = host.ask(one, list(command))
    if answer is None or answer.returncode:
        raise SystemExit(
            f"{one.name}: {' '.join(command[:2])} failed: {answer.stderr if answer else 'it does not run'}"
        )
    return answer.stdout.strip()


def a_minute(one: Host, minutes: float, order: str) -> float:
    """Seconds of processor a minute that the host spends after `systemctl ORDER` of the timer."""
    ask(one, "systemctl", order, TIMER)
    time.sleep(20)  # what starting or stopping costs
    before, began = cpu_seconds([one]), time.monotonic()
    time.sleep(minutes * 60)
    return (cpu_seconds([one]) - before) / (time.monotonic() - began) * 60


def main() -> None:
    """Measure it, and print two numbers."""
    parser = argparse.ArgumentParser(prog="benchmarks.guard", description=__doc__)
    parser.add_argument("host", choices=[each.name for each in HOSTS], metavar="HOST", help="such as spare-7")
    parser.add_argument("--minutes", type=float, default=5, help="with the timer, and as many without it")
    options = parser.parse_args()
    one = next(each for each in HOSTS if each.name == options.host)
    without = a_minute(one, options.minutes, "stop")
    with_guard = a_minute(one, options.minutes, "start")
    print(f"processor, seconds a minute: {with_guard - without:.3f} ({with_guard:.3f} with it, {without:.3f} without)")
    print(f"memory at its peak, MB: {int(ask(one, 'python3', '-c', PEAK)) / 1024:.1f}")


if __name__ == "__main__":
    main()
