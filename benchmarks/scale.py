"""The tables of docs/scale.md in Markdown, from the JSON files beside this one. Nothing here measures."""

from __future__ import annotations

from typing import Any

from benchmarks.lines import Line, through
from benchmarks.results import CONTENDERS, STATES, Results
from benchmarks.tables import NONE, markdown

FORKS = 50  # of ansible.cfg
FLEETS = (100, 1_000, 10_000)
GIGABIT = 1e9 / 8  # bytes a second


def controller(simulated: dict[str, Any]) -> str:
    """Every run with hosts that answer from memory."""
    rows = [
        [
            CONTENDERS[run["contender"]],
            f"{run['hosts']:,}",
            str(run["forks"]),
            run["serial"] or "all at once",
            f"{run['wall']:.1f}",
            f"{run['controller']:.1f}",
            f"{run['controller'] / run['hosts']:.3f}",
            f"{run['memory'] / 1e6:.0f}",
        ]
        for run in simulated.get("runs", [])
    ]
    head = ("run", ">hosts", ">forks", "serial", ">wall s", ">CPU s", ">CPU s a host", ">MB")
    return markdown(head, rows) if rows else NONE


def _runs(simulated: dict[str, Any], contender: str) -> list[dict[str, Any]]:
    return [run for run in simulated.get("runs", []) if run["contender"] == contender]


def _lines(simulated: dict[str, Any], contender: str) -> dict[str, Line]:
    """Lines of the quantities; none where there are not two sizes yet."""
    runs = [run for run in _runs(simulated, contender) if run["forks"] == FORKS and not run["serial"]]
    runs = [run for run in runs if run["hosts"] >= FLEETS[0]]
    if len({run["hosts"] for run in runs}) < 2:
        return {}
    return {
        quantity: through([(run["hosts"], run[quantity]) for run in runs])
        for quantity in ("wall", "controller", "memory")
    }


def _ssh(results: Results) -> float:
    """Seconds of the controller's processors for the ssh connection to one host."""
    points = [each for each in results.measured if (each.state, each.contender) == ("nothing", "ssh")]
    return through([(each.hosts, each.middle("controller")) for each in points]).each if len(points) > 1 else 0.0


def fleets(simulated: dict[str, Any], results: Results) -> str:
    """One controller and fleets of growing size with nothing to do; ssh is what the lab measured."""
    ssh = _ssh(results)
    fits = {name: _lines(simulated, name) for name in CONTENDERS}
    measured = {name: max(run["hosts"] for run in _runs(simulated, name)) for name, lines in fits.items() if lines}
    if not measured or not ssh:
        return NONE
    rows = [
        [
            CONTENDERS[name],
            f"{size:,}",
            _duration(lines["wall"].at(size)),
            _duration(lines["controller"].at(size)),
            _duration(ssh * size),
            f"{lines['memory'].at(size) / 1e9:.1f}",
            "within what was measured" if size <= largest else f"extrapolated from {largest:,}",
        ]
        for name, largest in measured.items()
        for size in FLEETS
        for lines in (fits[name],)
    ]
    head = ("run", ">hosts", ">wall", ">CPU of Ansible", ">CPU of ssh", ">memory GB", "how it is known")
    return markdown(head, rows)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def controllers(simulated: dict[str, Any]) -> str:
    """How long 10,000 hosts take when several controllers share them."""
    lines = _lines(simulated, "ours")
    if not lines:
        return NONE
    rows = []
    for count in (1, 5, 10, 50):
        share = FLEETS[-1] // count
        rows.append([str(count), f"{share:,}", _duration(lines["wall"].at(share))])
    alone = next((run for run in _runs(simulated, "ours") if run["hosts"] == 1), None)
    if alone:
        wall = f"{alone['wall']:.1f} s, and {alone['controller']:.1f} s of CPU, on each host"
        rows.append(["each host its own (pull mode)", "1", wall])
    return markdown((">controllers", ">hosts each", ">wall"), rows)


def mirror(counted: dict[str, Any]) -> str:
    """What one host asks of the mirror."""
    if not counted:
        return NONE
    hosts = counted["hosts"]
    rows = [
        [STATES[state], row["what"], row["client"], f"{row['requests'] / hosts:.1f}", _size(row["bytes"] / hosts)]
        for state, found in counted["states"].items()
        for row in found["rows"] or [{"what": "nothing", "client": "nobody", "requests": 0, "bytes": 0}]
    ]
    return markdown(("state", "what", "who asks", ">requests a host", ">bytes a host"), rows)


def twice(counted: dict[str, Any]) -> str:
    """Whether a host got a blob more than once."""
    if not counted:
        return NONE
    found = counted["states"]["fresh"]
    if not found["twice"]:
        return f"{found['blobs']} blobs went to {counted['hosts']} hosts, each to each host once."
    rows = [[each["host"], each["blob"][:19], str(each["times"])] for each in found["twice"]]
    return markdown(("host", "blob", ">times"), rows)


def load(counted: dict[str, Any]) -> str:
    """What provisioning whole fleets takes out of one mirror."""
    if not counted:
        return NONE
    rows = counted["states"]["fresh"]["rows"]
    asked, size = (sum(row[name] for row in rows) / counted["hosts"] for name in ("requests", "bytes"))
    table = [
        [f"{fleet:,}", f"{asked * fleet:,.0f}", _size(size * fleet), _duration(size * fleet / GIGABIT)]
        for fleet in FLEETS
    ]
    return markdown((">hosts", ">requests", ">bytes", ">at 1 Gbit/s"), table)


def _size(value: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.0f} B"
