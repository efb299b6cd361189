# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where docker and containerd keep their data, where they shall, and why a move is impossible. Pure.

A move copies while both run, stops them, copies what has changed since, and starts them from the new place; the former
one is removed after that. There are no phases to be remembered: what runs from its former place is moved, whatever a
killed run had copied, and what runs from the new one is not copied again.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import CONFIG
from ansible_collections.multiarch.builders.plugins.module_utils.model import human_size
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import Mount, below, is_in, mount_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Kind, Note

VARIABLE = "builder_data_roots"
MOVABLE = ("overlay2", "overlayfs", "native", "vfs")
"""Drivers whose layers are files and folders; those of btrfs and zfs are subvolumes and datasets."""
FILE_SYSTEMS = ("ext4", "ext3", "xfs", "btrfs", "f2fs", "tmpfs")
"""Those that an overlay's upper layer may be on, with devices, hard links and attributes."""
IN_MEMORY = ("tmpfs", "ramfs")
_OF_DOCKER = ("overlay", "tmpfs", "nsfs", "mqueue", "proc")
"""What docker mounts in its data-root itself, for containers that run."""
SPARE_BYTES, SPARE_INODES = 64 * 1024**2, 1000
"""What must be free after the move, besides a hundredth of what is moved, which has more blocks elsewhere."""


@dataclass(frozen=True)
class Sight:
    """What is seen of the host if there is something to move.

    *starts* are the units that start the target's mount at boot, *firm* whether docker and containerd wait for it.
    *used* and *there* are (bytes, inodes) of the data and of what an earlier run copied, *free* those free at the
    target, None for a number that its file system does not have. *faults* are other reasons, as text.
    """

    mounts: t.Tuple[Mount, ...] = ()
    starts: t.Tuple[str, ...] = ()
    firm: bool = False
    empty: bool = True
    used: t.Tuple[int, int] = (0, 0)
    there: t.Tuple[int, int] = (0, 0)
    free: t.Tuple[t.Optional[int], t.Optional[int]] = (None, None)
    faults: t.Tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """One of the two: *name* is docker or containerd, *asked* the user's folder, *wanted* that without links.

    *now* is where its data is, None if it does not run. *former* is the place that a move has left, whose *builders*
    do not run yet; *unseen*: that run did not see docker with the new one. *left* are those of earlier moves.

    *copied* says that an earlier run began to copy to *wanted*, *is_named* that it will be used at the
    next start.
    """

    name: str
    asked: str
    wanted: str
    now: t.Optional[str]
    former: t.Optional[str] = None
    builders: t.Tuple[str, ...] = ()
    unseen: bool = False
    left: t.Tuple[str, ...] = ()
    copied: bool = False
    is_named: bool = False
    sight: Sight = field(default_factory=Sight)

    @property
    def moves(self) -> bool:
        """Whether its data is elsewhere."""
        return self.now is not None and self.now != self.wanted


@dataclass(frozen=True)
class MoveData:
    """The step that stops docker and containerd and moves the data of *sites*."""

    sites: t.Tuple[Site, ...]


@dataclass(frozen=True)
class RemoveFormer:
    """The step that removes *folder*, whose data has been moved."""

    name: str
    folder: str


@dataclass(frozen=True)
class SettleMove:
    """The step that records that *name* runs with what was moved; the former place stays."""

    name: str


@dataclass(frozen=True)
class NameRoot:
    """The step that writes the place of *site*, which containerd uses, to its file, for its next start."""

    site: Site


def patch(sites: t.Iterable[Site], document: Mapping[str, t.Any], *, allowed: bool) -> t.Dict[str, t.Any]:
    """`data-root` for daemon.json; as it is where a move is not *allowed*."""
    for each in sites:
        if each.name == "docker":
            if allowed or (each.now is not None and not each.moves):
                return {"data-root": each.asked}
            return {"data-root": document["data-root"]} if document.get("data-root") else {}
    return {}


def moving(sites: t.Iterable[Site]) -> t.Tuple[Site, ...]:
    """Those whose data is to be moved."""
    return tuple(each for each in sites if each.moves)


def reasons(sites: t.Iterable[Site]) -> t.List[str]:
    """Why docker must stop for containerd's data; for its own, daemon.json changes."""
    return [f"containerd's data moves to {each.wanted}" for each in moving(sites) if each.name == "containerd"]


def closing(sites: t.Iterable[Site]) -> t.List[Action]:
    """The removal of former places, once all that ran before runs again; and what keeps the new ones."""
    lost = [each for each in sites if each.name == "containerd" and each.now == each.wanted and not each.is_named]
    return [
        *(
            Action(f"write root = {each.wanted} to {CONFIG}, for containerd's next start", NameRoot(each))
            for each in lost
        ),
        *_removals(sites),
        *(
            Action(f"record that {each.name} runs with its data in {each.wanted}", SettleMove(each.name))
            for each in sites
            if each.builders and each.unseen
        ),
    ]


def _removals(sites: t.Iterable[Site]) -> t.List[Action]:
    return [
        Action(f"remove {former}: {each.name} runs with its data in {each.wanted}", RemoveFormer(each.name, former))
        for each in sites
        if each.former is not None and not each.builders
        for former in (*each.left, each.former)  # with the last one the move is complete
    ]


def move(sites: t.Iterable[Site]) -> t.List[Action]:
    """The move, if there is one. Raises HostError with every reason why it is impossible."""
    found = moving(sites)
    wrong = refusals(found, tuple(sites))
    if wrong:
        raise HostError("; ".join(wrong))
    if not found:
        return []
    told = ", ".join(
        f"{each.name}'s data from {each.now} to {each.wanted} ({human_size.shown(each.sight.used[0])}"
        + (", of which an earlier run has copied a part)" if each.copied else ")")
        for each in found
    )
    stop = "docker and containerd stop while the rest of it is copied, and the former place is removed once they run"
    return [Action(f"move {told}: {stop}", MoveData(found))]


def notes(sites: t.Iterable[Site], *, allowed: bool) -> t.Tuple[Note, ...]:
    """What is still to be done, and what is not as safe as it was."""
    waits, limits = [], []
    for each in sites:
        if each.moves and not allowed:
            waits.append(f"{each.name}'s data stays in {each.now}, as builder_disruption: never forbids its move")
        if each.former is not None and each.builders:
            former = " and ".join((*each.left, each.former))
            waits.append(
                f"{former}, from where {each.name}'s data was moved, stays until {', '.join(each.builders)} run"
            )
        mount = mount_of(each.wanted, each.sight.mounts) if each.moves else None
        if mount is not None and mount.kind in IN_MEMORY:
            limits.append(f"{each.wanted} is in the host's memory: {each.name}'s data will be gone after a reboot")
    return (*Kind.WAITS.notes(waits), *Kind.LIMIT.notes(limits))


def refusals(sites: t.Sequence[Site], every: t.Sequence[Site]) -> t.Tuple[str, ...]:
    """Why *sites*, which move, cannot; *every* also has the one that does not."""
    found = [fault for each in sites for fault in (*each.sight.faults, *_places(each, every), *_target(each))]
    return tuple(dict.fromkeys([*found, *_space(sites)]))


def _at(site: Site) -> str:
    return f"{VARIABLE}: {{{site.name}: {site.asked}}}"


def _places(site: Site, sites: t.Sequence[Site]) -> t.Iterator[str]:
    now = site.now or ""
    for each in sites:
        if each.now and (is_in(site.wanted, each.now) or is_in(each.now, site.wanted)):
            yield f"{_at(site)} and {each.now}, where {each.name}'s data is, are nested: choose another folder"
        for former in (*each.left, *([each.former] if each.former else [])):
            if is_in(site.wanted, former) or is_in(former, site.wanted):
                yield (
                    f"{_at(site)} and {former}, where {each.name}'s data was, and which is going to be removed, are "
                    "nested: choose another folder"
                )
    for mount in below(now, site.sight.mounts):
        if mount.kind not in _OF_DOCKER:
            yield (
                f"{_at(site)}: {mount.point} is a mount of its own ({mount.kind}) in {now}, and would not be moved: "
                "unmount it, or move the data by hand (docs/daemon.md)"
            )
    if not site.sight.empty and not site.copied:
        yield f"{_at(site)}: {site.wanted} is not empty, and what is in it is not ours: choose an empty folder"


def _target(site: Site) -> t.Iterator[str]:
    mount = mount_of(site.wanted, site.sight.mounts)
    if mount is None:
        return
    if mount.kind not in FILE_SYSTEMS:
        yield (
            f"{_at(site)}: {mount.point} is a file system of type {mount.kind}, which does not keep all that layers "
            f"consist of, or no overlay can be on: use one of {', '.join(FILE_SYSTEMS)}"
        )
    wrong = [each for each in ("ro", "noexec", "nodev") if each in mount.options]
    if wrong:
        yield (
            f"{_at(site)}: {mount.point} is mounted with {', '.join(wrong)}: programs and devices in volumes would not "
            f"work. Change the options, and `mount -o remount {mount.point}`"
        )
    if mount.point != "/" and not site.sight.firm:
        if site.sight.starts:
            yield (
                f"{_at(site)}: at boot, docker and containerd would not wait for {mount.point} (nofail, noauto "
                f"or _netdev), and start with an empty folder: put `[Unit]` with `RequiresMountsFor={site.wanted}` in "
                "a drop-in for docker.service and for containerd.service, and `systemctl daemon-reload`"
            )
        else:
            yield (
                f"{_at(site)}: nothing mounts {mount.point} at boot, so docker would start with an empty folder: add "
                "it to /etc/fstab, and `systemctl daemon-reload`"
            )


def _space(sites: t.Sequence[Site]) -> t.Iterator[str]:
    """Of all that goes to one mount together."""
    shared: t.Dict[str, t.List[Site]] = {}
    for each in sites:
        mount = mount_of(each.wanted, each.sight.mounts)
        shared.setdefault(mount.point if mount else each.wanted, []).append(each)
    for point, group in shared.items():
        names = " and ".join(each.name for each in group)
        for number, (unit, spare) in enumerate((("bytes", SPARE_BYTES), ("inodes", SPARE_INODES))):
            free = group[0].sight.free[number]
            used = sum(each.sight.used[number] - each.sight.there[number] for each in group)
            needed = used + sum(each.sight.used[number] for each in group) // 100 + spare
            if free is not None and free < needed:
                shown: t.Callable[[int], str] = (
                    human_size.shown if unit == "bytes" else (lambda count: f"{count} inodes")
                )
                yield (
                    f"{VARIABLE}: {point} has {shown(free)} free, and {shown(needed)} are needed for {names}: nothing "
                    "was stopped. Free space there or in the data itself (`docker system df`), or choose another disk"
                )
