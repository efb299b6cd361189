"""The tables of a profile in Markdown, from profile.json. Nothing here measures."""

from __future__ import annotations

from typing import Any

from benchmarks.results import CONTENDERS, STATES
from benchmarks.tables import NONE, markdown

SHORTEST = 0.05  # seconds: tasks below are in no table


def profiled(profile: dict[str, Any]) -> str:
    """When the profile was taken, and of which commit."""
    return f"Profiled on {profile['date']}, commit {profile['commit']}." if profile else NONE


def tasks(profile: dict[str, Any]) -> str:
    """What the tasks of our playbook take, in each state."""
    spent = profile.get("tasks", {})
    names = list(dict.fromkeys(each["task"] for state in ("fresh", "ca", "nothing") for each in spent.get(state, [])))
    rows = []
    for name in names:
        cells = []
        for state in spent:
            found = [each for each in spent[state] if each["task"] == name]
            wall, host = (sum(each[what] for each in found) for what in ("wall", "host"))
            cells.append(f"{wall:.1f} ({host:.1f})" if wall >= SHORTEST else "")
        if any(cells):
            rows.append([name, *cells])
    return markdown(["task", *(f">{STATES[state]}" for state in spent)], rows) if rows else NONE


def module(profile: dict[str, Any]) -> str:
    """What a run of the plan's module takes on its host."""
    if "plan" not in profile:
        return NONE
    found = profile["plan"]
    rest = found["importing"] - found["compiling"]
    looking = found["cpu"] - found["python"] - found["importing"]
    rows = [
        ["Python itself", found["python"]],
        ["making code of source, which Ansible brings each time", found["compiling"]],
        ["running what they and the standard library have at their top", rest],
        [f"looking at the host; processes started: {found['processes']}", looking],
        ["together", found["cpu"]],
    ]
    return markdown(["what", ">ms of processor"], [[what, f"{seconds * 1000:.0f}"] for what, seconds in rows])


def spenders(profile: dict[str, Any]) -> str:
    """Who spends the processor time of a fresh host, for two contenders."""
    found = profile.get("spenders", {})
    if not found:
        return NONE
    known = {
        "containerd": "containerd, with what it starts: images unpacked, containers and commands in them",
        "dockerd": "dockerd",
        "sessions": "what comes by ssh: modules or lines of shell, the trust store, Docker's client",
    }
    rows = [[words, *(f"{spent[name]:.1f}" for spent in found.values())] for name, words in known.items()]
    rest = [spent["all"] - sum(spent[name] for name in known) for spent in found.values()]
    rows.append(["the rest: BuildKit, systemd", *(f"{seconds:.1f}" for seconds in rest)])
    rows.append(["together", *(f"{spent['all']:.1f}" for spent in found.values())])
    return markdown(["seconds of the host's processor", *(f">{CONTENDERS[name]}" for name in found)], rows)
