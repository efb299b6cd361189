# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that the driver of `storage-driver` exists, before docker is restarted for it.

With containerd's image store it is a snapshotter, and containerd itself says which ones it has: `ctr plugins ls`. btrfs
and zfs are skipped where containerd's folder is on another file system (containerd, snapshots/btrfs/btrfs.go;
containerd/zfs, zfs.go), so where ctr cannot ask, the file system tells of those two. Before 29.0 dockerd starts all the
same, and each pull and build fails. With a graph driver btrfs and zfs need that of data-root, or dockerd does not start
(moby/moby, daemon/graphdriver/btrfs/btrfs.go, zfs/zfs.go).
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import DaemonState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.extra_checks import (
    fails,
    is_graph_driver_only,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import next_root
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    STORE_FEATURE,
    has_containerd_store,
    switches,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import ADDRESS, ROOT
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import nearest_folder
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_TYPE = "io.containerd.snapshotter.v1"
_FILE_SYSTEMS = ("btrfs", "zfs")  # names of drivers and snapshotters that need the file system of their name
_REMOVE = "builder_daemon_options: {storage-driver: null}"


def refusals(state: DaemonState, after: Mapping[str, t.Any]) -> t.Tuple[str, ...]:
    """Why the storage driver of *after* would not work here; empty if it names none, or it is unknown."""
    driver = after.get("storage-driver")
    if not isinstance(driver, str) or not driver or state.running is None:
        return ()
    if switches(after, state.running.info) is has_containerd_store(state.running.info):
        return _of_graph_driver(driver, after, next_root(state.running, after))
    if is_graph_driver_only(driver):  # blind_spots reports it
        return ()
    place = state.containerd.root if state.containerd else ROOT
    return _of_snapshotter(driver, state, loaded(state.containerd.address if state.containerd else ADDRESS), place)


def _of_snapshotter(
    driver: str, state: DaemonState, found: t.Optional[Mapping[str, str]], root: str
) -> t.Tuple[str, ...]:
    folder = f"{root}/{_TYPE}.{driver}"
    lies = file_system(folder) if driver in _FILE_SYSTEMS else None
    if found is None:
        wrong = driver in _FILE_SYSTEMS and lies not in (None, driver)
        why = f"and {root} is on {lies}"
    else:
        wrong = found.get(driver) != "ok"
        why = f"which containerd {'has not loaded' if driver in found else 'does not have'}"
        why += f", as {root} is on {lies}" if lies not in (None, driver) else ""
        why += f": it has {', '.join(sorted(name for name, status in found.items() if status == 'ok')) or 'none'}"
    if not wrong:
        return ()
    mount = f"put {folder} on {driver} and restart containerd, " if driver in _FILE_SYSTEMS else ""
    return (
        f"storage-driver = {driver} names a snapshotter of containerd with features.{STORE_FEATURE}, {why}. So "
        f"{fails('every pull and build fails with `snapshotter not loaded` (moby/moby#46254)', state.engine)}: {mount}"
        f"remove it with {_REMOVE}, or keep the graph driver with builder_daemon_options: "
        f"{{features: {{{STORE_FEATURE}: null}}}}",
    )


def _of_graph_driver(driver: str, after: Mapping[str, t.Any], root: str) -> t.Tuple[str, ...]:
    named = any(str(each).startswith("zfs.fsname=") for each in after.get("storage-opts") or ())
    lies = file_system(f"{root}/{driver}") if driver in _FILE_SYSTEMS and not named else driver
    if lies in (None, driver):
        return ()
    return (
        f"storage-driver = {driver} is a graph driver that needs {root} on {driver}, which is on {lies}: dockerd does "
        f"not start. Put {root} on {driver}, or remove it with {_REMOVE}",
    )


def loaded(address: str) -> t.Optional[t.Dict[str, str]]:
    """{snapshotter: `ok`, `skip` or `error`} of the containerd that listens there; None if it cannot be queried."""
    try:
        outcome = run(["ctr", "--address", address, "plugins", "ls"], timeout=30)
    except HostError:  # no ctr
        return None
    return parse(outcome.stdout) or None


def parse(listed: str) -> t.Dict[str, str]:
    """The same from the output of `ctr plugins ls`: type, name, platforms, status. Pure."""
    rows = [line.split() for line in listed.splitlines()]
    return {row[1]: row[-1] for row in rows if len(row) >= 3 and row[0] == _TYPE}


def file_system(folder: str) -> t.Optional[str]:
    """The type of the file system that *folder* is, or would be, on; None if unknown."""
    there, table = nearest_folder(look.real(folder)), look.text("/proc/self/mountinfo")
    return None if there is None or table is None else type_at(str(there), table)


def type_at(folder: str, mountinfo: str) -> t.Optional[str]:
    """The same from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)); later mounts take precedence. Pure."""
    best, found = -1, None
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split()
        if not separator or len(fields) < 5 or not after.split():
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields[4])
        if f"{folder.rstrip('/')}/".startswith(f"{point.rstrip('/')}/") and len(point) >= best:
            best, found = len(point), after.split()[0]
    return found
