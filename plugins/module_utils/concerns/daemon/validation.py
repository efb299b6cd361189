# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's own validation of a daemon.json, with the flags of its unit."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import unit_flags
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import ANY, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON

_REMAP = "userns-remap"

_OLD = "unknown flag: --validate"
_REFUSES = "dockerd refuses what daemon.json would become, nothing was changed"


def validate(text: str) -> t.Tuple[str, ...]:
    """Validate with dockerd and the flags of its unit. Raises HostError with the cause if it refuses either.

    Returns notes if it cannot tell. `userns-remap: default` is left out: on reading it, dockerd would create the user
    dockremap, and its ranges in /etc/subuid and /etc/subgid (moby/moby, daemon/daemon_unix.go).
    """
    document = parse(text, DAEMON_JSON, marked=True)
    if document.get(_REMAP) == "default":
        text = json.dumps({key: value for key, value in document.items() if key != _REMAP})
    with scratch() as folder:
        path = folder / "daemon.json"
        path.write_text(text, encoding="utf-8")
        flags = [each for each in _unit_flags() if each != f"--{_REMAP}=default"]
        outcome = run(["dockerd", "--validate", *flags, "--config-file", str(path)])
        if outcome.status != 0 and _OLD not in outcome.words:
            raise _refusal(outcome, str(path))
    if _OLD in outcome.words:
        return ("this dockerd is older than 23.0 and cannot validate daemon.json before it starts with it",)
    return ()


def _refusal(outcome: Outcome, path: str) -> HostError:
    from ansible_collections.multiarch.builders.plugins.module_utils.causes import docker_start, dockerd
    from ansible_collections.multiarch.builders.plugins.module_utils.docker import units

    cause = dockerd.of_validation(outcome.words, path)
    blame = dockerd.blame(cause)
    if blame.flag is not None:
        what = "docker.service starts dockerd with invalid flags, nothing was changed"
        return HostError(what, cause, docker_start.remedy_of(blame, units.files()))
    return HostError(_REFUSES, cause, docker_start.remedy_of(blame, units.files()) or docker_start.MEND_FILE)


def _unit_flags() -> t.Tuple[str, ...]:
    shown = run(["systemctl", "show", "--property=ExecStart,Environment,EnvironmentFiles", "docker.service"]).stdout
    return unit_flags.flags(shown, {path: read(path, errors=ANY) or "" for path in unit_flags.environment_files(shown)})
