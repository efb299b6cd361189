# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that dockerd reads on this host: daemon.json, or else daemon.json has no effect."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import unit_flags
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import CREDENTIALS
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_arguments
from ansible_collections.multiarch.builders.plugins.module_utils.host import file_modes, look, units
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import (
    FileState,
    RestoreRights,
    Rights,
    fault,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import ANY, read
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import Owner


def rights_of(found: FileState, text: str, path: str = DAEMON_JSON) -> Rights:
    """The permitted access to daemon.json, which holds *text*: its owner is the administrator's choice. Pure."""
    secret = CREDENTIALS.search(text) is not None  # of a proxy
    return Rights(path, 0o660 if secret else 0o664, 0o400, Owner(found.uid, found.gid))


def too_open(text: t.Optional[str]) -> t.Dict[Rights, str]:
    """{key: excessive permissions, as text} of daemon.json, which holds *text*; {} if there are none."""
    found = file_modes.look(DAEMON_JSON) if text is not None else None
    rights = rights_of(found, text or "") if found is not None else None
    words = fault(found, rights) if rights is not None else None
    return {rights: words} if rights is not None and words is not None else {}


def closing(loose: t.Mapping[Rights, str]) -> t.List[Action]:
    """The actions that revoke them. Pure."""
    if not loose:
        return []
    return [Action(f"restrict access: {'; '.join(loose.values())}", RestoreRights(tuple(loose)))]


def elsewhere() -> t.Optional[str]:
    """Why dockerd will not read daemon.json at its next start, with the remedy; None if it will."""
    docker = units.look()[units.DOCKER]
    files = {path: read(path, errors=ANY) or "" for path in unit_flags.environment_files(docker.shown)}
    return unit_flags.elsewhere(docker, files, DAEMON_JSON, look.real)


def flags() -> t.Tuple[str, ...]:
    """dockerd's flags in docker.service; if that starts a script, those of the running dockerd."""
    shown = units.look()[units.DOCKER].shown
    if unit_flags.program(shown) != "dockerd":
        return daemon_arguments()
    return unit_flags.flags(shown, {path: read(path, errors=ANY) or "" for path in unit_flags.environment_files(shown)})


def other_in_use() -> t.Optional[str]:
    """The file that the running dockerd was started with, None if that is daemon.json, or none runs."""
    found = unit_flags.config_file(daemon_arguments())
    return None if found is None or look.real(found) == look.real(DAEMON_JSON) else found
