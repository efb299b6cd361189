"""python -m campaign.load: 32 hosts at once, a tenth of which fails; all others have to become builders."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from itertools import cycle

from benchmarks.hosts import lab, on_disk
from campaign import outside, table
from campaign.experiment import VARIABLES, provision
from campaign.network import cut
from campaign.site import Site
from lab.progress import say, timed
from lab.topology import HOSTS

INVENTORY = "--inventory=benchmarks/inventory"
HUB = re.compile(r"(https://)?registry-\d\.[a-z.]+(/v2/)?")  # its server
WORKERS = 8  # hosts that are looked at side by side


def no_registry(site: Site) -> AbstractContextManager[None]:
    """No packet reaches a registry."""
    return cut(site, "REJECT --reject-with tcp-reset")


LASTING: dict[str, Callable[[Site], AbstractContextManager[None]]] = {
    "host off": Site.off,
    "/etc read-only": Site.read_only,
    "registry down": no_registry,
}


@dataclass(frozen=True)
class Failed:
    """A host that could not become a builder, and what the run's last lines say of it."""

    host: str
    fault: str
    lines: list[str]


@dataclass(frozen=True)
class Load:
    """What became of *hosts*: *builders* of those without a fault are as asked, *recovered* of the others, later."""

    seed: int
    hosts: int
    seconds: float
    failed: list[Failed]
    builders: int
    recovered: int


def last_lines(output: str, host: str) -> list[str]:
    """What the lines after the recap say of a host."""
    summary = output.rpartition("PLAY RECAP")[2].partition("\n\n")[2]
    told = HUB.sub("Docker Hub", summary).splitlines()
    return [line for line in told if re.match(rf"(.*\b)?{re.escape(host)}\b[^:]*: ", line)]


def builders(sites: list[Site]) -> int:
    """How many of them are as asked, looked at from outside and by a check."""
    limit = ",".join(each.name for each in sites)
    _status, output = provision(limit, VARIABLES["fresh"], INVENTORY, "--check")

    def good(site: Site) -> bool:
        made = not site.on("test -e /root/.docker/buildx/instances/multiarch").returncode
        unchanged = re.search(rf"^{site.name} .*changed=0 +unreachable=0 +failed=0", output, re.MULTILINE)
        return made and bool(unchanged) and not outside.handlers_are_wrong(site) + outside.builder_is_wrong(site)

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(good, sites))


def measure(sites: list[Site], seed: int) -> Load:
    """Provision all; then those that failed, without their faults."""
    chance = random.Random(seed)
    broken = dict(zip(chance.sample(sites, len(sites) // 10), cycle(LASTING), strict=False))
    with ExitStack() as faults:
        for site, fault in broken.items():
            faults.enter_context(LASTING[fault](site))
        begin = time.monotonic()
        _status, output = provision(",".join(each.name for each in sites), VARIABLES["fresh"], INVENTORY)
        seconds = time.monotonic() - begin
    failed = [Failed(site.name, fault, last_lines(output, site.name)) for site, fault in broken.items()]
    others = builders([each for each in sites if each not in broken])
    provision(",".join(each.name for each in broken), VARIABLES["fresh"], INVENTORY)
    return Load(seed, len(sites), round(seconds, 1), failed, others, builders(list(broken)))


def main() -> int:
    """1 if any host is not what it should be, or has not one line."""
    parser = argparse.ArgumentParser(prog="campaign.load", description="Many hosts at once, a tenth of which fails.")
    parser.add_argument("--hosts", type=int, default=32, help="up to 32")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = [each.name for each in HOSTS if each.name.startswith("fleet-")][: options.hosts]
    with timed(f"{len(names)} new hosts"):
        on_disk()
        lab("up", "registry")
        lab("reset", *names)
    load = measure([Site(name) for name in names], options.seed)
    table.LOAD.write_text(json.dumps(asdict(load), indent=1) + "\n")
    table.write()
    say(table.load(asdict(load)))
    whole = load.builders + len(load.failed) == load.hosts and load.recovered == len(load.failed)
    return int(not whole or any(len(each.lines) != 1 for each in load.failed))


if __name__ == "__main__":
    sys.exit(main())
