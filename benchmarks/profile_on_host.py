"""Runs on a host: the module that Ansible left there, measured. One line of JSON, in seconds of processor time.

`cpu`: the median of several runs. `compiling` and `importing`, which includes it: what Python spends on making code of
source, and on running what files have at their top. They are from a run under a profiler, scaled to one without.
"""

from __future__ import annotations

import contextlib
import cProfile
import json
import os
import pstats
import resource
import runpy
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9
MODULE = next(Path("/root/.ansible/tmp").glob("*/AnsiballZ_plan.py"))


def seconds(*arguments: str) -> float:
    """The median of runs of Python, what they start included."""
    found = []
    for _run in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def profiled() -> tuple[dict[str, list[float]], float]:
    """({function: [calls, own seconds, seconds with all it calls]}, seconds) of one run in this process."""
    profile, shown = cProfile.Profile(time.process_time), os.dup(1)
    sys.argv = [str(MODULE)]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    begin = time.process_time()
    with contextlib.suppress(SystemExit):
        profile.runcall(runpy.run_path, str(MODULE), run_name="__main__")
    sys.stdout.flush()
    total = time.process_time() - begin
    os.dup2(shown, 1)
    functions: dict[str, list[float]] = {}
    for (_file, _line, name), (_primitive, calls, own, cumulative, _callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        former = functions.get(name, [0, 0.0, 0.0])
        functions[name] = [former[0] + calls, former[1] + own, max(former[2], cumulative)]
    return functions, total


def main() -> None:
    """Measure."""
    cpu = seconds(str(MODULE))
    functions, total = profiled()
    compiling = functions["<built-in method builtins.compile>"][1]
    scale = (cpu - compiling) / (total - compiling)  # a profiler slows down whatever calls much, and that is the rest
    measured = {
        "bytes": MODULE.stat().st_size,
        "cpu": cpu,
        "python": seconds("-c", ""),
        "compiling": compiling,
        "importing": compiling + (functions["_find_and_load"][2] - compiling) * scale,
        "processes": functions.get("_execute_child", [0])[0],
    }
    print(json.dumps(measured))


main()
