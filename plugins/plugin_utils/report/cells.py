# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cells of the page, and the keys to sort and filter its rows. Pure."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.fleet import cache_of, is_never_proven
from ansible_collections.multiarch.builders.plugins.plugin_utils.report.model import (
    Certificate,
    Disk,
    Host,
    Node,
    Platform,
    Report,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.host_ranges import names

# Most severe first, the initial order of the page.
_GRAVITY = {"failed": 0, "unreachable": 1, "drift": 2, "ok": 3}
NOTHING = "\N{EN DASH}"


def size(number: int | None) -> str:
    """Bytes as docker shows them: `17.2 MB`."""
    return NOTHING if number is None else human_size.shown(number)


def age(time: str, now: str) -> str:
    """How long ago *time* was at the time *now*, in one unit: `5 min`, `3 h`, `12 d`."""
    try:
        passed = datetime.datetime.fromisoformat(now) - datetime.datetime.fromisoformat(time)
    except (ValueError, TypeError):  # an invalid time
        return time
    seconds = max(0, int(passed.total_seconds()))
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return "now"


def ordered(hosts: Iterable[Host]) -> list[Host]:
    """Most severe first; `ci-9` before `ci-10`."""
    return sorted(hosts, key=lambda host: (_GRAVITY[host.state], _natural(host.name)))


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", text)]


def summary(host: Host) -> str:
    """The state of a host in a few words."""
    if host.why:
        more = f" (+{len(host.why) - 1})" if len(host.why) > 1 else ""
        return host.why[0] + more
    count, waiting = sum(len(step.actions) for step in host.plan), {note.concern for note in host.waiting}
    words = [f"{count} to do"] if count else []
    words += ["docker restarts"] if host.restart and "daemon" not in waiting else []
    waits = {
        "engine": "docker upgrade pending",
        "trust": "logins pending",
        "daemon": "docker restart pending" if host.restart else "docker pending",
        "buildx": "builders pending",
    }
    words += [told for concern, told in waits.items() if concern in waiting]
    words += [f"{concern} pending" for concern in sorted(waiting - waits.keys())]
    words += ["proof pending"] if host.proofs_due else []
    return ", ".join(words) or "no drift"


def nodes(host: Host) -> list[Node]:
    """All nodes of all builders."""
    return [node for builder in host.builders for node in builder.nodes]


def running(host: Host) -> int:
    """How many of them run."""
    return sum(node.state == "running" for node in nodes(host))


def platform(host: Host, name: str) -> Platform | None:
    """How the host runs a platform, None if it is not configured."""
    return next((each for each in host.platforms if each.platform == name), None)


def runs_other_emulators(host: Host) -> bool:
    """Whether a platform is emulated by another program than that of `builder_binfmt_source`."""
    return any(each.pinned is False for each in host.platforms)


def versions(host: Host) -> dict[str, list[str]]:
    """{program: versions on the host}, each once, without what a distribution adds to them."""
    engine = host.engine
    found = {
        "Docker": [engine.docker] if engine else [],
        "buildx": [engine.buildx] if engine else [],
        "BuildKit": [node.buildkit for node in nodes(host)],
        "QEMU": [each.qemu for each in host.platforms],
    }
    return {
        program: list(dict.fromkeys(version.partition("+")[0] for version in told if version))
        for program, told in found.items()
    }


def disks(host: Host) -> list[Disk]:
    """dockerd's, and that of its containerd if different."""
    return [each for each in (host.disk, host.containerd_disk) if each]


def soonest(host: Host) -> Certificate | None:
    """The certificate that expires first."""
    return min(host.certificates, key=lambda each: each.days_left, default=None)


def proof(host: Host) -> str:
    """`passed`, `failed` or `never`; empty for a host that was not surveyed, or has nothing to prove."""
    made = [each for each in (host.build_proof, host.registry_proof) if each]
    if not all(each.passed for each in made):
        return "failed"
    return "never" if is_never_proven(host) else "passed" if made else ""


def spread(report: Report) -> dict[str, list[tuple[str, int]]]:
    """{program: [(version, number of hosts)]}, most common first."""
    found: dict[str, Counter[str]] = {}
    for host in report.hosts:
        for program, told in versions(host).items():
            found.setdefault(program, Counter()).update(told)
    return {program: counts.most_common() for program, counts in found.items() if counts}


def coverage(report: Report) -> list[tuple[str, dict[str, int]]]:
    """[(platform, {how: number of hosts})]."""
    counts = {
        name: Counter(each.how for host in report.hosts for each in host.platforms if each.platform == name)
        for name in report.platforms
    }
    return [(name, {how: counts[name][how] for how in ("native", "emulated", "missing")}) for name in report.platforms]


Elsewhere = Mapping[str, Mapping[str, str]]
"""{host: {platform that it emulates: the hosts that run it natively, as text}}."""


def elsewhere(report: Report) -> Elsewhere:
    """Of all hosts at once: the names of a large fleet are many."""
    found: dict[str, dict[str, str]] = {}
    for each in report.native_elsewhere:
        shown = names(each.hosts)
        for host in each.emulated:
            found.setdefault(host, {})[each.platform] = shown
    return found


def sort_keys(host: Host, platforms: Sequence[str]) -> dict[str, str | int]:
    """The sort keys, {column: key}; columns without a value are absent."""
    told = versions(host)
    ends, cache = soonest(host), cache_of(host)
    found: dict[str, str | int | None] = {
        "host": host.name,
        "state": _GRAVITY[host.state],
        **{program.lower(): told[program][0] if told[program] else None for program in told},
        "nodes": running(host) - len(nodes(host)) if nodes(host) else None,
        "cache": cache,
        "free": min((each.free for each in disks(host)), default=None),
        "ends": ends.days_left if ends else None,
        "proof": host.build_proof.time if host.build_proof else None,
    }
    for number, name in enumerate(platforms):
        how = platform(host, name)
        found[f"p{number}"] = ("missing", "emulated", "native").index(how.how) if how else None
    return {column: key for column, key in found.items() if key is not None}


def search_text(host: Host, elsewhere: Iterable[str] = ()) -> str:
    """The text that is filtered, in lower case: a line for the name, for what is wrong, and for each `key:value`.

    *elsewhere* are the platforms that it emulates and others run.
    """
    found = [host.name, *host.why, *_facets(host), *(f"elsewhere:{each}" for each in elsewhere)]
    return "\n".join(dict.fromkeys(" ".join(each.split()).lower() for each in found))


def whole(text: str) -> str:
    """The word of the filter that finds a whole line of the search text, and no longer one that contains it."""
    return text if '"' in text else f'"{text}"'


def _facets(host: Host) -> Iterator[str]:
    yield f"state:{host.state}"
    if host.machine:
        yield f"arch:{host.machine.architecture}"
        yield f"os:{host.machine.os}"
    for program, told in versions(host).items():
        yield from (f"{program}:{version}" for version in told)
    for each in host.platforms:
        yield f"{each.how}:{each.platform}"
        yield f"emulator:{'other' if each.pinned is False else 'pinned' if each.pinned else 'none'}"
    for builder in host.builders:
        yield f"builder:{builder.name}"
        yield f"driver:{builder.driver}"
        yield from (f"node:{node.state}" for node in builder.nodes)
    if running(host) < len(nodes(host)):
        yield "node:idle"
    yield from (f"pending:{step.concern}" for step in host.plan)
    if host.restart:
        yield "restart:due"
    if host.trace:
        yield "plan:none" if host.trace.time else "plan:full"
    yield from _of_services(host)
    yield from _of_proofs(host)
    ends = {each.ends for each in host.certificates}
    yield from (f"certificate:{each}" for each in sorted(ends - {"fine"} or ends))


def _of_services(host: Host) -> Iterator[str]:
    if host.guard:
        limited = host.guard.limited or host.guard.failure
        yield f"guard:{'limited' if limited else 'running' if host.guard.running else 'stopped'}"
    if host.guard and host.guard.sweep_failure:
        yield "guard:unswept"
    for context in host.contexts:
        yield f"context:{context.name}"
    yield from (f"scheduler:{each.scheduler}" for each in host.ssh_clients)
    if host.serve:
        yield f"serve:{'running' if host.serve.running and not host.serve.error else 'broken'}"
        yield from (f"client:{name}" for name in host.serve.clients)


def _of_proofs(host: Host) -> Iterator[str]:
    if proof(host):
        yield f"proof:{proof(host)}"
    if is_never_proven(host):
        yield "proof:never"
    if host.proofs_due:
        yield "proof:due"
