# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containerd that dockerd uses: where it stores images and layers now, and after its next start.

Neither dockerd nor containerd reports its root. It is the folder of the database that its process has open (containerd,
metadata/plugin/plugin.go, in 2.x plugins/metadata/plugin.go), and the process is the one that listens at dockerd's
configured address: several may run on one host.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_arguments, option
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, watch

ADDRESS = "/run/containerd/containerd.sock"
"""The socket of the system's containerd (containerd, defaults/defaults_unix.go)."""
ROOT = "/var/lib/containerd"
CONFIG = "/etc/containerd/config.toml"
# The socket of the containerd that dockerd starts itself: below its exec-root (moby/moby, cmd/dockerd/daemon_unix.go).
_OF_DOCKERD = "containerd/containerd.sock"
_EXEC_ROOT = "/run/docker"
DATABASE = "/io.containerd.metadata.v1.bolt/meta.db"
_PROGRAMS = ("containerd", "dockerd")  # since 29.7 dockerd can embed one


@dataclass(frozen=True)
class Containerd:
    """One that runs at *address*, with its *root* and the *arguments* of its process."""

    address: str
    root: str
    arguments: t.Tuple[str, ...] = ()


def addresses(
    info: Mapping[str, t.Any], document: Mapping[str, t.Any], arguments: t.Sequence[str]
) -> t.Tuple[str, ...]:
    """The address at which dockerd finds containerd, the first that exists. `docker info` shows it since 27.0. Pure."""
    told = (info.get("Containerd") or {}).get("Address")
    given = told or document.get("containerd") or option(arguments, "--containerd")
    own = document.get("exec-root") or option(arguments, "--exec-root") or _EXEC_ROOT
    return (str(given),) if given else (ADDRESS, f"{own}/{_OF_DOCKERD}")


def of_dockerd(info: Mapping[str, t.Any], document: Mapping[str, t.Any]) -> t.Optional[Containerd]:
    """The containerd of the dockerd that runs with *document*; None if it is not found."""
    found = (running(each) for each in addresses(info, document, daemon_arguments()))
    return next(filter(None, found), None)


def running(address: str) -> t.Optional[Containerd]:
    """The containerd that listens at *address*, None if none is found there."""
    with watch.unwatched():
        pid, found = _running(address)
    if pid is None:
        watch.spoil(f"no containerd was found at {address}")
    else:
        look.process(pid)  # what it listens at, and its root, are as at its start
    return found


def _running(address: str) -> t.Tuple[t.Optional[int], t.Optional[Containerd]]:
    listener = _listener(address, look.text("/proc/net/unix") or "")
    for folder in look.processes() if listener else ():
        if (look.text(f"{folder}/comm") or "").strip() not in _PROGRAMS:
            continue
        links = _links(f"{folder}/fd")
        roots = [each[: -len(DATABASE)] for each in links if each.endswith(DATABASE)]
        if listener in links and roots:
            arguments = (look.text(f"{folder}/cmdline") or "").split("\0")[1:-1]
            return int(folder[len("/proc/") :]), Containerd(address, roots[0], tuple(arguments))
    return None, None


def _listener(address: str, table: str) -> str:
    """The socket that listens there, as /proc/PID/fd names it; "" if none does. *table* is /proc/net/unix."""
    wanted = look.real(address)
    for line in table.splitlines()[1:]:
        fields = line.split(None, 7)
        # Flags show whether it listens (the kernel's __SO_ACCEPTCON), followed by type, state and inode.
        if len(fields) == 8 and int(fields[3], 16) & 0x10000 and look.real(fields[7]) == wanted:
            return f"socket:[{fields[6]}]"
    return ""


def _links(folder: str) -> t.List[str]:
    try:
        found = [look.link(f"{folder}/{name}") for name in look.names(folder)]
    except OSError:  # the process ended
        return []
    return [each for each in found if each is not None]


def root_at_start(arguments: t.Sequence[str], read: t.Callable[[str], t.Optional[str]]) -> t.Optional[str]:
    """Its root after its next start, by its flags and its file, read with *read*. None if imported files decide.

    Pure but for *read*. In TOML, top-level keys come before the first table.
    """
    given = option(arguments, "--root")
    if given:
        return given
    text = read(option(arguments, "--config", "-c") or CONFIG) or ""
    top = re.split(r"^\s*\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    if re.search(r"^\s*imports\s*=\s*\[\s*[\"']", top, re.MULTILINE):
        return None
    found = re.search(r"^\s*root\s*=\s*([\"'])(.*?)\1", top, re.MULTILINE)
    return found.group(2) if found and found.group(2) else ROOT
