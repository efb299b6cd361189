# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, restart and reload docker.service; dockerd's answer is the proof, systemctl's exit status is not."""

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, TooSlowError, run
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

if t.TYPE_CHECKING:
    from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import Why

_START_SECONDS = 90


def start(docker: Docker) -> t.Optional[Why]:
    """Start dockerd and wait until it answers; None, or why it does not start."""
    return _bring_up(docker, "start")


def restart(docker: Docker) -> t.Optional[Why]:
    """The same for a dockerd that may be running already."""
    return _bring_up(docker, "restart")


def _bring_up(docker: Docker, verb: str) -> t.Optional[Why]:
    # The unit's limit is three starts within a minute; ours must not be the fourth.
    run(["systemctl", "reset-failed", "docker.service", "docker.socket"])
    former = run(["systemctl", "show", "--property=InvocationID", "--value", "docker.service"]).stdout.strip()
    since = time.time()
    command = ("systemctl", verb, "docker.service")
    try:
        outcome = run(command)
    except TooSlowError as exc:  # its unit sets no limit (TimeoutStartSec=0)
        outcome = Outcome(command, 1, "", str(exc))
    if outcome.status == 0 and docker.wait(_START_SECONDS):
        return None
    from ansible_collections.multiarch.builders.plugins.module_utils.docker import units

    return units.why(outcome, former, since)


def reload() -> None:
    """Have dockerd read daemon.json again (SIGHUP)."""
    run(["systemctl", "reload", "docker.service"])


def installed_version() -> t.Optional[str]:
    """The version of the installed dockerd, which need not run; None if it is missing."""
    try:
        found = re.search(r"version ([^\s,]+)", run(["dockerd", "--version"]).stdout)
    except HostError:
        return None
    return found.group(1) if found else None


def until(shortfall: t.Callable[[], t.Optional[str]], seconds: float = 5) -> t.Optional[str]:
    """None as soon as *shortfall* reports nothing, its last message after *seconds*."""
    end = time.monotonic() + seconds
    words = shortfall()
    while words is not None and time.monotonic() < end:
        time.sleep(0.1)
        words = shortfall()
    return words
