# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the places of docker's and containerd's data; at disks and units only if something is to be moved."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import (
    MOVABLE,
    VARIABLE,
    Sight,
    Site,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    DATA_ROOT,
    Running,
    is_remapped_in,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import (
    ADDRESS,
    CONFIG,
    ROOT,
    Containerd,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd_config import root_in
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import option
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import nearest_folder, read
from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import is_in, mount_of, parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves

_TASKS = "/run/containerd/io.containerd.runtime.v2.task"
"""Has a folder for each namespace with running containers (containerd, defaults/defaults_unix.go)."""


class Daemons(t.Protocol):
    """What is known of dockerd, which may not run, and its containerd."""

    @property
    def document(self) -> Mapping[str, t.Any]: ...
    @property
    def running(self) -> t.Optional[Running]: ...
    @property
    def containerd(self) -> t.Optional[Containerd]: ...


def observe(asked: Mapping[str, str], state: Daemons, docker: Docker) -> t.Tuple[Site, ...]:
    """The places of *asked*, {docker or containerd: folder}."""
    now = state.running
    moves = data_moves.RECORD.read() if asked else data_moves.Moves()
    sites = []
    for name, folder in sorted(asked.items(), reverse=True):  # docker first
        wanted, move = look.real(folder), moves.of(name)
        named = _next(name, state) == wanted
        if now is None:
            sites.append(Site(name, folder, wanted, None, is_named=named))
            continue
        root = now.root if name == "docker" else now.containerd_root
        site = Site(name, folder, wanted, look.real(root) if root else "", is_named=named)
        is_ours = move is not None and move.target == wanted
        if site.moves:
            left = data_moves.following(move, str(site.now), wanted).left
            faults = _docker_faults(now) if name == "docker" else _containerd_faults(now, state.containerd)
            others = _others(site, now, state.containerd, docker)
            newer = _newer(site, move) if move is not None and move.ran and site.now != move.target else ()
            site = replace(site, copied=is_ours, left=left)
            site = replace(site, sight=_sight(site, (*newer, *faults, *others)))
        elif move is not None and is_ours:
            waiting = tuple(each for each in move.builders if not _runs_if_there(each, docker))
            site = replace(site, former=move.source, builders=waiting, unseen=not move.ran, left=move.left)
        sites.append(site)
    return tuple(sites)


def _next(name: str, state: Daemons) -> str:
    """Where it will look for its data at its next start, by its file; a flag of containerd wins."""
    if name == "docker":
        return look.real(str(state.document.get("data-root") or DATA_ROOT))
    flag = option(state.containerd.arguments, "--root") if state.containerd else None
    return look.real(flag or root_in(read(CONFIG) or "") or ROOT)


def left() -> t.Tuple[str, ...]:
    """Notes on what stays of moves when the host is retired: data is not moved back."""
    moves, told = data_moves.RECORD.read(), []
    if moves.original is not None:
        root = root_in(read(CONFIG) or "") or ROOT
        told.append(
            f"containerd keeps its data in {root}, so `root` stays in {CONFIG}: to move it back, provision with "
            f"{VARIABLE}: {{containerd: {ROOT}}} before retiring"
        )
    return (*told, *unfinished({}))


def unfinished(asked: Mapping[str, str]) -> t.Tuple[str, ...]:
    """Notes on moves that a run began and that nobody asks for any more."""
    moves, told = data_moves.RECORD.read(), []
    for name in ("docker", "containerd"):
        move = moves.of(name)
        if move is not None and (name not in asked or look.real(asked[name]) != move.target):
            before = f", and {', '.join(move.left)} of the moves before" if move.left else ""
            told.append(
                f"the move of {name}'s data from {move.source} to {move.target} is not complete: remove the folder "
                f"that {name} does not use{before}"
            )
    told += [
        f"{path} has a copy of {name}'s data, from before another folder was asked for: remove it"
        for path, name in sorted(moves.copies.items())
        if look.names(path)
    ]
    return tuple(told)


def _runs_if_there(container: str, docker: Docker) -> bool:
    found = docker.find(f"/containers/{container}/json")
    return found is None or bool(found.get("State", {}).get("Running"))


def _sight(site: Site, faults: t.Tuple[str, ...]) -> Sight:
    from ansible_collections.multiarch.builders.plugins.module_utils.host import trees

    mounts = parse(look.text("/proc/self/mountinfo") or "")
    mount = mount_of(site.wanted, mounts)
    used = trees.measure(site.now) if site.now else trees.Size()
    there = trees.measure(site.wanted) if site.copied else trees.Size()
    starts, firm = _at_boot(mount.unit, site) if mount is not None and mount.point != "/" else ((), True)
    return Sight(
        mounts=mounts,
        starts=starts,
        firm=firm,
        empty=trees.is_empty(site.wanted),
        used=(used.used, used.inodes),
        there=(there.used, there.inodes),
        free=_free(site.wanted),
        faults=faults,
    )


def _at_boot(mount: str, site: Site) -> t.Tuple[t.Tuple[str, ...], bool]:
    """(the units that start *mount*, whether *site* has its service wait for it)."""
    shown = run(["systemctl", "show", "--property=WantedBy,RequiredBy", mount]).stdout.splitlines()
    lists = {name: words.split() for name, _equals, words in (line.partition("=") for line in shown)}
    required, starts = lists.get("RequiredBy", []), lists.get("WantedBy", []) + lists.get("RequiredBy", [])
    service = ["systemctl", "show", "--property=RequiresMountsFor", "--value", f"{site.name}.service"]
    waits = any(is_in(site.wanted, each) for each in run(service).stdout.split() if each != "/")
    return tuple(starts), "local-fs.target" in required or (bool(starts) and waits)


def _free(folder: str) -> t.Tuple[t.Optional[int], t.Optional[int]]:
    try:
        found = look.file_system(nearest_folder(folder) or folder)
    except OSError:
        return None, None
    return found.f_bfree * found.f_frsize, found.f_ffree if found.f_files else None


def _newer(site: Site, move: data_moves.Move) -> t.Iterator[str]:
    """Another copy would replace what docker has written since an earlier one."""
    from ansible_collections.multiarch.builders.plugins.module_utils.host import trees

    if not trees.is_empty(move.target):
        key, file = ("data-root", DAEMON_JSON) if site.name == "docker" else ("root", CONFIG)
        yield (
            f"{VARIABLE}.{site.name}: {site.name}'s data was moved to {move.target} and used there, and now "
            f"{site.name} runs with {site.now} again, without what is newer in {move.target}: set {key} = "
            f"{move.target} in {file} and restart {site.name}, or empty {move.target} to move {site.now}"
        )


def _docker_faults(now: Running) -> t.Iterator[str]:
    at = f"{VARIABLE}.docker"
    given = option(now.flags, "--data-root", "--graph", "-g")
    if given:
        yield f"{at}: docker.service sets --data-root {given}, and dockerd starts with only one: remove the flag"
    if is_remapped_in(now.info):
        yield f"{at}: with userns-remap the data-root is one folder for each mapping, which is not moved: remove one"
    if "name=rootless" in (now.info.get("SecurityOptions") or ()):
        yield f"{at}: this dockerd is rootless, and its data its user's: move it by hand"
    driver = str(now.info.get("Driver") or "")
    if driver not in MOVABLE:
        yield (
            f"{at}: layers of the storage driver {driver} are not plain files and folders: move them with the tools "
            f"of that file system, and set builder_daemon_options: {{data-root: …}} (movable are {', '.join(MOVABLE)})"
        )
    options = [*(now.document.get("storage-opts") or ()), *now.flags]
    if any("overlay2.size" in str(each) for each in options):
        yield f"{at}: storage-opts has overlay2.size, a quota that a copy of the files does not have: remove it first"


def _containerd_faults(now: Running, found: t.Optional[Containerd]) -> t.Iterator[str]:
    at = f"{VARIABLE}.containerd"
    if found is None:
        yield f"{at}: the containerd of docker was not found, nor was its data: see `systemctl status containerd`"
        return
    if look.real(found.address) != look.real(ADDRESS) or _arguments() != found.arguments:
        yield (
            f"{at}: docker works with the containerd at {found.address}, which is not containerd.service but somebody "
            "else's, or dockerd's own in its data-root: leave containerd out of the variable"
        )
        return
    if option(found.arguments, "--root"):
        yield f"{at}: containerd.service sets --root {found.root}, which wins over {CONFIG}: remove the flag"
    file = option(found.arguments, "--config", "-c")
    if file and look.real(file) != look.real(CONFIG):
        yield f"{at}: containerd.service reads {file}, and not {CONFIG}: make one a link to the other"
    if str(now.info.get("Driver") or "") not in MOVABLE:
        yield f"{at}: snapshots of {now.info.get('Driver')} are not plain files and folders: move them by hand"
    spaces = (now.info.get("Containerd") or {}).get("Namespaces") or {}
    ours = {"moby", "plugins.moby", *map(str, spaces.values())}
    others = [name for name in look.names(_TASKS) if name not in ours and look.names(f"{_TASKS}/{name}")]
    if others:
        yield (
            f"{at}: others run containers in this containerd (namespaces {', '.join(others)}), such as Kubernetes or "
            "nerdctl: stop them, or leave containerd out of the variable"
        )


def _others(site: Site, now: Running, found: t.Optional[Containerd], docker: Docker) -> t.Iterator[str]:
    """What is in the place of *site*, or uses it by its path, and would be gone with it."""
    if not site.now:
        return
    at, place = f"{VARIABLE}.{site.name}", site.now
    roots = {"docker": look.real(now.root)}
    if found is not None and look.real(found.address) == look.real(
        ADDRESS
    ):  # else it may be dockerd's own, which moves along
        roots["containerd"] = look.real(found.root)
    for name, root in roots.items():
        if name != site.name and is_in(root, place):
            yield f"{at}: {root}, where {name}'s data is, is in {place}: move that first, in a run of its own"
    binds = {
        str(row["Names"][0]).lstrip("/")
        for row in docker.get("/containers/json?all=1")
        for mount in row.get("Mounts") or ()
        if mount.get("Type") == "bind" and is_in(str(mount.get("Source")), place)
    }
    if binds:
        yield (
            f"{at}: containers mount folders in {place} by their path, which would be gone: remove "
            f"{', '.join(sorted(binds))}, and create them with the new path after the move"
        )


def _arguments() -> t.Optional[t.Tuple[str, ...]]:
    """Those of the process of containerd.service, None if that does not run."""
    pid = run(["systemctl", "show", "--property=MainPID", "--value", "containerd.service"]).stdout.strip()
    text = look.text(f"/proc/{pid}/cmdline") if pid.isdigit() and pid != "0" else None
    return None if text is None else tuple(text.split("\0")[1:-1])
