# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves data of docker and containerd: copied while both run, completed while they are stopped.

Killed at any moment, docker starts again from the former place or from the new one, each whole: the new one is named in
daemon.json and config.toml only after the last pass, and the former one is removed only once docker runs from the new.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import VARIABLE, Site
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import CONFIG, ROOT
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd_config import root_in, with_root
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import BUILDER_PREFIX
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, temp_dirs, tree_copy, trees
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import must, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse as parse_json
from ansible_collections.multiarch.builders.plugins.module_utils.model.mounts import below, parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves
from ansible_collections.multiarch.builders.plugins.module_utils.state.data_moves import Move

_BUILDERS_SECONDS = 60
_UNMOUNT_SECONDS = 30
Shown = t.Mapping[str, t.FrozenSet[str]]


@dataclass
class Mover:
    """One move of *sites*. *hides*: docker starts with another image store, too, and shows no containers of it."""

    dockerd: BringUp
    sites: t.Sequence[Site]
    hides: bool = False
    stopped: bool = False
    before: Shown = field(default_factory=dict)

    @property
    def docker(self) -> Docker:
        """The dockerd whose data it is."""
        return self.dockerd.docker

    @property
    def services(self) -> t.Tuple[str, ...]:
        """The units to stop: docker's before containerd's, and that only if its own data is moved."""
        containerd = any(each.name == "containerd" for each in self.sites)
        return ("docker.socket", "docker.service", *(("containerd.service",) if containerd else ()))

    def prepare(self) -> None:
        """What needs no stop: a first copy, which shortens it, and containerd's look at its new file."""
        for each in self.sites:
            if each.name == "containerd":
                _require_config(each)
        for each in self.sites:
            known = data_moves.begin(each.name, str(each.now), each.wanted)
            trusted = tree_copy.trusted(known.start)
            if not trusted:
                known = replace(known, start=tree_copy.start())
            data_moves.note(each.name, known)
            tree_copy.copy(known.source, known.target, trusted, live=True)

    def move(self) -> None:
        """Stop, copy what has changed, name the new places to containerd, and start that; docker's start follows."""
        self.before = shown(self.docker)
        self._remember_builders()
        self.dockerd.let_go(parse_json(read(DAEMON_JSON), DAEMON_JSON))
        self.stopped = True
        must(["systemctl", "stop", *self.services], "docker cannot be stopped")
        used = service.until(self._in_use, _UNMOUNT_SECONDS)
        if used:
            raise HostError(f"{VARIABLE}: docker has stopped, and {used} is still mounted: see who uses it")
        for each in self.sites:
            move = data_moves.RECORD.read().of(each.name)
            if move is not None:
                tree_copy.copy(move.source, move.target, tree_copy.trusted(move.start), live=False)
        for each in self.sites:
            if each.name == "containerd":
                text, is_original = _config(each)
                data_moves.write_config(text, is_original=is_original)
                must(["systemctl", "start", "containerd.service"], f"containerd does not start from {each.wanted}")

    def _remember_builders(self) -> None:
        names = [row["Names"][0].lstrip("/") for row in self.docker.get("/containers/json")]
        builders = {each for each in names if each.startswith(BUILDER_PREFIX)}
        for each in self.sites:
            move = data_moves.RECORD.read().of(each.name)
            if move is not None:
                data_moves.note(each.name, replace(move, builders=tuple(sorted(builders.union(move.builders)))))

    def _in_use(self) -> t.Optional[str]:
        """A mount that is in a former place, or made of folders there."""
        mounts = parse(look.text("/proc/self/mountinfo") or "")
        for each in self.sites:
            place = str(each.now)
            inside = below(place, mounts)
            made_of = [one for one in mounts if f"={place}/" in one.details or f":{place}/" in one.details]
            if inside or made_of:
                return (*inside, *made_of)[0].point
        return None

    @contextlib.contextmanager
    def undoing(self) -> t.Iterator[None]:
        """If anything in the block fails, docker runs again as before."""
        done = False
        try:
            yield
            self._require_all()
            done = True
        finally:
            if not done and self.stopped and not self.docker.answers():
                self.dockerd.put_back()
                run(["systemctl", "start", "containerd.service"])
                service.start(self.docker)

    def _require_all(self) -> None:
        """Raise HostError, after going back, if docker shows less than before."""
        kinds = ("volumes",) if self.hides else tuple(self.before)
        after = shown(self.docker)
        lost = {kind: self.before[kind] - after[kind] for kind in kinds}
        if not any(lost.values()):
            return
        told = ", ".join(f"{len(ids)} {kind} ({', '.join(sorted(ids)[:3])})" for kind, ids in lost.items() if ids)
        self.dockerd.put_back()
        service.restart(self.docker)
        raise HostError(f"{VARIABLE}: docker did not show {told} in the new place, and runs again from the former one")

    def finish(self) -> None:
        """Remove the former places once the builders run again; until then they stay, as the next plan tells."""
        for each in self.sites:
            data_moves.note_run(each.name)
        moves = data_moves.RECORD.read()
        names = {name for each in self.sites for name in (moves.of(each.name) or Move("", "")).builders}
        if service.until(
            lambda: next((each for each in sorted(names) if not self._runs(each)), None), _BUILDERS_SECONDS
        ):
            return
        for each in self.sites:
            move = moves.of(each.name)
            for folder in (*(move.left if move else ()), str(each.now)):
                remove_former(each.name, folder)

    def _runs(self, container: str) -> bool:
        found = self.docker.find(f"/containers/{container}/json")
        return found is None or bool(found.get("State", {}).get("Running"))


def name_root(site: Site) -> None:
    """Write the place that containerd uses to its file."""
    text, is_original = _config(site)
    data_moves.write_config(text, is_original=is_original)
    data_moves.settle()


def remove_former(name: str, folder: str) -> None:
    """Remove a place that *name* no longer uses, and what is recorded of it."""
    trees.remove(folder)
    data_moves.drop(name, folder)


def shown(docker: Docker) -> Shown:
    """What docker lists, without what it removes itself when a container stops (`--rm`)."""
    volumes = {each["Name"] for each in docker.get("/volumes").get("Volumes") or ()}
    containers = set()
    for row in docker.get("/containers/json?all=1"):
        found = docker.find(f"/containers/{row['Id']}/json") or {}
        if found.get("HostConfig", {}).get("AutoRemove", True):
            volumes -= {each.get("Name") for each in found.get("Mounts") or ()}
        else:
            containers.add(row["Id"])
    images = {each["Id"] for each in docker.get("/images/json")}
    return {"containers": frozenset(containers), "images": frozenset(images), "volumes": frozenset(volumes)}


def _config(site: Site) -> t.Tuple[t.Optional[str], bool]:
    """(the text of containerd's file for the new place, whether that is the file before the first move)."""
    current = read(CONFIG)
    original = data_moves.original(current)
    if original is not None:
        text = read(original.backup) if original.backup else None
        if (root_in(text or "") or ROOT) == site.wanted:
            return text, True
    return with_root(current, site.wanted), False


def _require_config(site: Site) -> None:
    """Raise HostError unless containerd itself finds the new place in the file that would be written."""
    text, _is_original = _config(site)
    if text is None:
        return
    with temp_dirs.scratch() as folder:
        file = folder / "config.toml"
        file.write_text(text, "utf-8")
        dump = must(
            ["containerd", "--config", str(file), "config", "dump"], f"containerd rejects {CONFIG} with that root"
        )
    found = root_in(dump.stdout)
    if found != site.wanted:
        raise HostError(
            f"{VARIABLE}.containerd: with root = {site.wanted} in {CONFIG}, containerd would still use {found}: a file "
            "that it imports sets `root`, remove it there"
        )
