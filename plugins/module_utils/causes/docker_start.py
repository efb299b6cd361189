# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why docker.service did not start, and the remedy: from units, their files, and the journal of that start. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.causes import buildkit, dockerd, systemd
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.causes.systemd import Entry, Unit
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON

DOCKER, SOCKET, CONTAINERD = "docker.service", "docker.socket", "containerd.service"
MEND_FILE = f"Fix builder_daemon_options, or {DAEMON_JSON} if it is set there"
"""The remedy for a daemon.json that dockerd does not start with."""


@dataclass(frozen=True)
class Why:
    """*cause* in one line, the *remedy*, which may be empty, and the log of this start (*said*)."""

    cause: str
    remedy: str = ""
    said: str = ""


@dataclass(frozen=True)
class Start:
    """A failed start: what *systemctl* printed, the *units*, and their *entries* in the journal since then.

    *files* are {path: text} of the files behind docker.service, environment files included; missing ones are
    omitted. *refused* is the complaint of `systemd-analyze verify`.
    """

    systemctl: str
    units: t.Mapping[str, Unit]
    entries: t.Tuple[Entry, ...] = ()
    files: t.Mapping[str, str] = field(default_factory=dict)
    refused: str = ""

    def unit(self, name: str) -> Unit:
        """The unit, empty if nothing is known about it."""
        return self.units.get(name, Unit(name))


def why(start: Start) -> Why:
    """Why it failed: the first known cause in its unit, its dependencies, dockerd itself, and systemd."""
    for look in (_unusable, _needed, _of_environment, _of_command_before, _of_dockerd, _of_systemd):
        found = look(start)
        if found is not None:
            return found
    state = start.unit(DOCKER).active
    silent = "dockerd runs, but does not answer on /var/run/docker.sock" if state == "active" else ""
    return Why(systemd.of_systemctl(start.systemctl) or silent or f"{DOCKER} is {state or 'not active'}")


def _unusable(start: Start) -> t.Optional[Why]:
    unit = start.unit(DOCKER)
    if not unit.unusable:
        return None
    cause = ": ".join(filter(None, (unit.unusable, start.refused)))
    return Why(cause, _usable_by(unit))


def _usable_by(unit: Unit) -> str:
    """What makes a unit startable again."""
    if unit.load == "masked":
        return f"`systemctl unmask {unit.name}`"
    if unit.load == "not-found":
        return f"Reinstall the package that contains it, and `systemctl daemon-reload` (`systemctl status {unit.name}`)"
    return f"Fix {' or '.join(unit.files)}" if unit.files else f"See `systemctl cat {unit.name}`"


def _needed(start: Start) -> t.Optional[Why]:
    """Another unit that docker.service requires to start."""
    named = systemd.named(start.systemctl)
    if named is not None and named[0] != DOCKER:
        name, what = named
        unit = start.unit(name)
        path = holder(start.files, name)
        remedy = f"Restore it, or remove it from {path}" if path and unit.load != "masked" else _usable_by(unit)
        return Why(f"{DOCKER} needs {name}, which {'is ' if what == 'not found' else ''}{what}", remedy)
    if "dependency" not in start.systemctl.lower():
        return None
    for name in start.unit(DOCKER).requires:
        unit, words = start.unit(name), _words_of(start, name)
        if unit.active == "failed" and words:
            return Why(f"{DOCKER} needs {name}, which failed: {words}", _usable_by(unit), _said(start, name))
    return None


def _words_of(start: Start, unit: str) -> str:
    return systemd.of_unit(start.entries, unit)


def _of_dockerd(start: Start) -> t.Optional[Why]:
    """What dockerd itself printed in this start."""
    if start.unit(DOCKER).active == "active":
        return None
    cause = dockerd.of_start(systemd.own_lines(start.entries, DOCKER))
    if not cause:
        return None
    blame = dockerd.blame(cause)
    if blame.containerd and start.unit(CONTAINERD).active != "active":
        return _of_containerd(start, cause)
    return Why(cause, remedy_of(blame, start.files), _said(start, DOCKER))


def _of_containerd(start: Start, cause: str) -> Why:
    unit = start.unit(CONTAINERD)
    lines = "\n".join(systemd.own_lines(start.entries, CONTAINERD))
    own = buildkit.of_daemon(lines, "containerd") or _words_of(start, CONTAINERD)
    words = unit.unusable or f"{CONTAINERD} does not run" + (f": {own}" if own else "")
    remedy = _usable_by(unit) if unit.unusable else f"See `systemctl status {CONTAINERD}`"
    return Why(f"{words} ({cause})", remedy, _said(start, CONTAINERD))


def remedy_of(blame: dockerd.Blame, files: t.Mapping[str, str]) -> str:
    """The remedy for what dockerd reports; *files* are those of its unit."""
    if blame.key:
        flag = f"--{blame.key.rstrip('s')}"
        path = holder(files, flag) or (holder(files, "-H ") if blame.key == "hosts" else "")
        where = path or "the flags of docker.service (`systemctl cat docker.service`)"
        return f"Remove it from {where}, or `{blame.key}` from builder_daemon_options and {DAEMON_JSON}"
    if blame.flag is not None:
        path = holder(files, blame.flag) if blame.flag else next(reversed(list(files)), "")
        return f"Fix {path}, which starts dockerd with it" if path else "See `systemctl cat docker.service`"
    if blame.address:
        path = holder(files, blame.address) or DAEMON_JSON
        return f"Find out which process uses that address (`ss --listening --processes`), or fix it in {path}"
    return MEND_FILE if blame.file else ""


def holder(files: t.Mapping[str, str], word: str) -> str:
    """The last of *files* with *word* in a line that systemd does not treat as a comment; empty if none has it."""
    found = ""
    for path, text in files.items():
        if any(word in line for line in text.splitlines() if not line.lstrip().startswith(("#", ";"))):
            found = path
    return found


def _of_environment(start: Start) -> t.Optional[Why]:
    needed = [path for path, optional in start.unit(DOCKER).environment if not optional]
    missing = [each for each in needed if each not in start.files]
    if start.unit(DOCKER).result != "resources" or not missing:
        return None
    path = holder(start.files, missing[0])
    return Why(
        f"{DOCKER} needs the file {missing[0]}, which does not exist",
        f"Restore it, or fix {path}" if path else "Bring it back",
    )


def _of_command_before(start: Start) -> t.Optional[Why]:
    before = start.unit(DOCKER).before
    if before is None:
        return None
    command, status = before
    path = holder(start.files, "ExecStartPre")
    words = systemd.own_lines(start.entries, DOCKER)[-1:]
    return Why(
        ": ".join([f"ExecStartPre={command} of {DOCKER} exited with status {status}", *words]),
        f"Fix {path}" if path else "",
        _said(start, DOCKER),
    )


def _of_systemd(start: Start) -> t.Optional[Why]:
    words = _words_of(start, DOCKER)
    if not words:
        return None
    changed = start.unit(DOCKER).files[1:]
    remedy = f"Fix {' or '.join(changed)}, which changes it" if changed else ""
    return Why(f"{DOCKER}: {words}", remedy, _said(start, DOCKER))


def _said(start: Start, unit: str) -> str:
    lines = [each.text for each in start.entries if each.unit == unit]
    return told(f"the journal of {unit} since this start", "\n".join(dockerd.without_usage(lines)))
