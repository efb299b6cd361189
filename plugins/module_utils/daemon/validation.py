# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd itself says about a daemon.json, with the flags that its unit starts it with."""

from __future__ import annotations

import os
import pathlib
import tempfile
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import unit
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import read


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
