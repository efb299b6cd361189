# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit docker.service with its files, and what is known about a failed start of it."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes import systemd
from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import (
    CONTAINERD,
    DOCKER,
    SOCKET,
    Start,
    Why,
)
from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import why as why_of
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, run

_SHOW = ("systemctl", "show", f"--property={','.join(systemd.PROPERTIES)}")
_UNITS = (DOCKER, SOCKET, CONTAINERD)


def why(outcome: Outcome, former: str, since: float) -> Why:
    """Why docker.service does not run after `systemctl` ended with *outcome*.

    *former* is systemd's id of the previous start, *since* the time of this one (`time.time()`): the journal has
    many starts, and only this one matters.
    """
    units = systemd.units(run([*_SHOW, *_UNITS]).stdout)
    docker = units.get(DOCKER, systemd.Unit(DOCKER))
    refused = ""
    if docker.load == "bad-setting":
        said = run(["systemd-analyze", "verify", DOCKER])
        refused = systemd.of_verification(said.stderr + said.stdout, DOCKER)
    entries = systemd.entries(_journal(units, since), {former} if former else ())
    return why_of(Start(outcome.stderr.strip() or outcome.stdout.strip(), units, entries, texts(docker), refused))


def files() -> t.Dict[str, str]:
    """{path: text} of the files behind docker.service, environment files included."""
    return texts(systemd.units(run([*_SHOW, DOCKER]).stdout).get(DOCKER, systemd.Unit(DOCKER)))


def texts(unit: systemd.Unit) -> t.Dict[str, str]:
    """{path: text} of the unit's files that exist, in the order in which systemd reads them."""
    found = {path: look.text(path) for path in (*unit.files, *unit.environment_files)}
    return {path: text for path, text in found.items() if text is not None}  # unreadable files are skipped


def _journal(units: t.Mapping[str, systemd.Unit], since: float) -> str:
    """The journal of the units since then, and of a containerd that failed before."""
    run(["journalctl", "--sync"])  # the last lines of a process may be written after it ended
    options = ("journalctl", "--no-pager", "--output=json")
    found = run([*options, f"--since=@{since:.6f}", *(f"--unit={each}" for each in _UNITS)]).stdout
    containerd = units.get(CONTAINERD)
    if containerd and containerd.invocation and containerd.active != "active":
        id_ = containerd.invocation
        found += run([*options, f"_SYSTEMD_INVOCATION_ID={id_}", "+", f"INVOCATION_ID={id_}"]).stdout
    return found
