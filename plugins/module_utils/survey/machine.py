# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine itself: processor, system, disk, and the cache of dockerd's own BuildKit."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import has_containerd_store
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import of_dockerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

Facts = t.Dict[str, t.Any]

_OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")  # os-release(5)
DF_BY_TYPE = (1, 42)  # the first API that can report a single kind of disk usage


def machine_facts() -> Facts:
    """Architecture (as of platforms), operating system, kernel, processors, bytes of memory."""
    name = os.uname()
    return {
        "architecture": _architecture(name.machine),
        "os": _system(),
        "kernel": name.release,
        "cpus": os.cpu_count() or 0,
        "memory": memory_in(look.text("/proc/meminfo") or ""),
    }


def _architecture(machine: str) -> str:
    platforms = Processor(machine).platforms
    return platforms[0].partition("/")[2] if platforms else machine


def memory_in(meminfo: str) -> int:
    """Bytes of memory in the text of /proc/meminfo, 0 if unknown."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", meminfo, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def system_in(os_release: str) -> str:
    """The display name in the text of os-release, "" if it has none."""
    found = re.search(r"""^PRETTY_NAME=(["']?)(.*)\1\s*$""", os_release, re.MULTILINE)
    return found.group(2) if found else ""


def _system() -> str:
    return next(filter(None, (system_in(look.text(path) or "") for path in _OS_RELEASE)), "")


def docker_facts(docker: Docker) -> t.Tuple[t.Optional[Facts], t.Optional[Facts], t.Optional[Facts]]:
    """(disk, containerd_disk, engine): dockerd's data folder with its disk space; its image store and its own cache.

    *containerd_disk* is the same for its containerd, None if on the same file system. All None if dockerd does not
    answer. Bytes, None if unknown.
    """
    if not docker.answers():
        return None, None, None
    info, api = docker.get("/info"), docker.get("/version").get("ApiVersion", "")
    engine = {
        "image_store": "containerd" if has_containerd_store(info) else str(info.get("Driver", "")),
        "cache": own_cache(docker) if version_of(api) >= DF_BY_TYPE else None,
    }
    root, containerd = str(info.get("DockerRootDir", "")), of_dockerd(info, {})
    other = containerd is not None and not is_same_disk(root, containerd.root)
    return disk_of(root), disk_of(containerd.root) if containerd and other else None, engine


def is_same_disk(one: str, other: str) -> bool:
    """Whether two folders are on the same file system, or one of them does not exist."""
    found, others = look.state(one), look.state(other)
    return found is None or others is None or found.st_dev == others.st_dev


def disk_of(path: str) -> t.Optional[Facts]:
    """{"path", "size", "free"} in bytes of the file system of a folder, None if there is none."""
    try:
        found = look.file_system(path)
    except OSError:
        return None
    return {"path": path, "size": found.f_frsize * found.f_blocks, "free": found.f_frsize * found.f_bavail}


def own_cache(docker: Docker) -> t.Optional[int]:
    """Bytes of the cache of dockerd's own BuildKit, None if unknown."""
    try:
        return cache_in(docker.get("/system/df?type=build-cache"))
    except HostError:
        return None


def cache_in(usage: t.Mapping[str, t.Any]) -> int:
    """Bytes of build cache in the answer to GET /system/df: a total since API 1.52, one record per entry before."""
    total = usage.get("BuildCacheUsage")
    if total is not None:
        return int(total.get("TotalSize") or 0)
    return sum(max(0, each.get("Size", 0)) for each in usage.get("BuildCache") or ())
