# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders for the data of docker and containerd: what is wrong on any host."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import is_in
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings

_OF_THE_SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys"),
    *("/tmp", "/usr", "/var/run", "/var/tmp"),
)
"""What is in these is not for data, or does not last."""
_ITSELF = ("/", "/home", "/media", "/mnt", "/opt", "/srv", "/var", "/var/lib")
"""Folders that hold other things, too."""


def check_data_roots(value: Mapping[str, str | None], variable: str, findings: Findings) -> dict[str, str]:
    """The folders that are given, by name, without a trailing slash."""
    found = {name: folder for name, folder in value.items() if folder}
    for name, folder in found.items():
        wrong = _fault(folder)
        if wrong:
            remedy = f"Write the absolute path of a folder, such as /data/{name}"
            findings.problem(f"{variable}.{name}", folder, wrong, remedy)
    folders = {name: posixpath.normpath(folder) for name, folder in found.items()}
    docker, containerd = folders.get("docker"), folders.get("containerd")
    if docker and containerd and (is_in(docker, containerd) or is_in(containerd, docker)):
        message = "has one folder in the other, or twice the same"
        findings.problem(variable, None, message, "Use two, such as /data/docker and /data/containerd")
    return folders


def _fault(folder: str) -> str:
    if not folder.startswith("/") or folder.startswith("//"):
        return "must be an absolute path"
    is_plain = posixpath.normpath(folder) == (folder.rstrip("/") or "/")
    if not is_plain or not re.fullmatch(r"[^\x00-\x20\x7f\"'\\]+", folder):
        return "has dots, doubled slashes, spaces, quotes or backslashes"
    plain = posixpath.normpath(folder)
    if plain in _ITSELF or any(is_in(plain, each) for each in _OF_THE_SYSTEM):
        return "is not a folder for data alone"
    return ""
