# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that dockerd reads on this host, which is daemon.json or else nothing that is written there counts."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils import units
from ansible_collections.multiarch.builders.plugins.module_utils.daemon import unit
from ansible_collections.multiarch.builders.plugins.module_utils.daemon_process import daemon_arguments
from ansible_collections.multiarch.builders.plugins.module_utils.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.way_back import DAEMON_JSON


def elsewhere() -> t.Optional[str]:
    """Why dockerd will not read daemon.json when it starts next, with the way out; None if it will."""
    docker = units.look()[units.DOCKER]
    files = {path: read(path) or "" for path in unit.environment_files(docker.shown)}
    return unit.elsewhere(docker, files, DAEMON_JSON, os.path.realpath)


def other_in_use() -> t.Optional[str]:
    """The file that the running dockerd was started with, None if that is daemon.json, or none runs."""
    found = unit.config_file(daemon_arguments())
    return None if found is None or os.path.realpath(found) == os.path.realpath(DAEMON_JSON) else found
