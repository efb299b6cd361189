# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker.service: validated, restarted, and put back if it does not come up."""

from __future__ import annotations

import os
import pathlib
import tempfile
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import unit
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import read

_START_SECONDS = 90


def validate(text: str) -> t.Tuple[str, ...]:
    """Ask dockerd itself, with the flags of its unit. Raises HostError with its words if it refuses *text*.

    Notes if it cannot tell.
    """
    descriptor, path = tempfile.mkstemp(prefix="daemon.json.", dir="/run")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        outcome = run(["dockerd", "--validate", *_unit_flags(), "--config-file", path])
    finally:
        pathlib.Path(path).unlink(missing_ok=True)
    if "unknown flag: --validate" in outcome.words:
        return ("this dockerd is older than 23.0 and cannot validate daemon.json before it starts with it",)
    if outcome.status != 0:
        raise HostError(
            f"dockerd refuses what daemon.json would become, nothing was changed: {outcome.words.replace(path, 'it')}. "
            "Mend builder_daemon_options"
        )
    return ()


def _unit_flags() -> t.Tuple[str, ...]:
    shown = run(["systemctl", "show", "--property=ExecStart,Environment,EnvironmentFiles", "docker.service"]).stdout
    return unit.flags(shown, {path: read(path) or "" for path in unit.environment_files(shown)})


def restart(docker: Docker) -> t.Optional[str]:
    """Restart dockerd and wait until it answers; None, or its own words if it does not come up."""
    # Three starts within a minute are the limit of the unit; ours shall not be the fourth.
    run(["systemctl", "reset-failed", "docker.service", "docker.socket"])
    outcome = run(["systemctl", "restart", "docker.service"])
    if outcome.status == 0 and docker.wait(_START_SECONDS):
        return None
    journal = run(["journalctl", "--unit=docker.service", "--lines=15", "--no-pager", "--output=cat"]).stdout
    return journal.strip() or outcome.words


def reload() -> None:
    """Have dockerd read daemon.json again (SIGHUP)."""
    run(["systemctl", "reload", "docker.service"])


def until(shortfall: t.Callable[[], t.Optional[str]], seconds: float = 5) -> t.Optional[str]:
    """None as soon as *shortfall* has nothing to tell, its words if it still has some after *seconds*."""
    end = time.monotonic() + seconds
    words = shortfall()
    while words is not None and time.monotonic() < end:
        time.sleep(0.1)
        words = shortfall()
    return words
