# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade of Docker: the former packages are kept until dockerd and its builders work with the new ones."""

from __future__ import annotations

import shutil
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import api_clients, apt, install
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.api_floor import (
    below,
    floor_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.engine_version import is_meant, numbers
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import Names
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import NO_SOURCES, Sources
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import (
    Upgrade,
    UpgradeEngine,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import (
    BUILDER_PREFIX,
    at_restart,
    drain,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, units
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME, make_folders
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import text_of, version_of

FORMER = f"{HOME}/former-packages"
_CACHE = "/var/cache/apt/archives"
_ANSWER_SECONDS = 5  # apt returns once its scripts have restarted docker, whether it runs or not
_BUILDERS_SECONDS = 60


@dataclass(frozen=True)
class Change:
    """The *version* that is asked for, of the packages *names*; *new* sources are not on the host yet."""

    version: str
    names: Names
    new: Sources = NO_SOURCES


def observe(change: Change, docker: Docker, options: t.Mapping[str, t.Any], *, waits: bool) -> t.Optional[Upgrade]:
    """What leads to another version, None if it is there; *options* are those of daemon.json.

    *waits*: running work is looked for. Raises HostError if the engine is not from such a package.
    """
    names = change.names
    there = apt.installed((names.engine, names.client))
    if names.engine not in there and RECORD.read().upgrading:
        raise HostError(
            f"an upgrade of Docker was interrupted, and dpkg has not configured {names.engine}",
            "",
            "Run `dpkg --configure -a` on the host, then run again",
        )
    if names.engine not in there:
        raise HostError(
            f"builder_engine_version = {change.version}: Docker is not from the package {names.engine} here",
            "",
            "Set the builder_engine that it is from, or remove builder_engine_version",
        )
    if all(is_meant(change.version, each) for each in there.values()):
        return None
    # a newer release of the distribution may have the client in a package of its own
    offer = install.offer((names.engine, names.client), names, change.version, change.new)
    if offer.is_incomplete:
        return Upgrade(offer)
    new = offer.upgraded.get(names.engine, ("", there[names.engine]))[1]
    down = any(apt.is_older(after, before) for before, after in offer.upgraded.values())  # or the client alone
    found = Upgrade(offer, down, _lost(_former(offer)))
    if not docker.answers():
        return found
    floor = floor_of(new, api_clients.lowered(options))
    if floor > version_of(docker.get("/version").get("MinAPIVersion", "")):
        low = below(floor, api_clients.clients(with_client=names.client not in offer.upgraded))
        found = replace(found, floor=text_of(floor), low=low, unseen=api_clients.with_socket(docker))
    return replace(found, work=str(at_restart(docker, keeps=False))) if waits else found


@dataclass(frozen=True)
class Seen:
    """What must be there after the upgrade, too: the image store, and running builders."""

    driver: str
    root: str
    builders: t.FrozenSet[str]

    @classmethod
    def of(cls, docker: Docker) -> Seen:
        """What dockerd has now. Raises HostError."""
        info = docker.get("/info")
        store = dict(each for each in info.get("DriverStatus") or () if len(each) == 2)
        names = {row["Names"][0].lstrip("/") for row in docker.get("/containers/json")}
        builders = frozenset(each for each in names if each.startswith(BUILDER_PREFIX))
        return cls(f"{info['Driver']} {store.get('driver-type', '')}".strip(), info["DockerRootDir"], builders)

    def lost(self, docker: Docker) -> t.Optional[str]:
        """What is not there any more, None if all is."""
        now = Seen.of(docker)
        if (now.driver, now.root) != (self.driver, self.root):
            return f"its image store is {now.driver} in {now.root}, and was {self.driver} in {self.root}"
        gone = self.builders - now.builders
        return f"it does not run {', '.join(sorted(gone))}" if gone else None


def upgrade(step: UpgradeEngine, disruption: Disruption, check: t.Callable[[Offer], None]) -> None:
    """Upgrade Docker once running work allows it. Raises HostError; the host then works as before, if it can."""
    offer = install.refreshed(step.offer, check)
    interrupted = RECORD.read().upgrading
    former = {**_former(offer), **interrupted}
    try:
        _keep(former)
        drain(lambda: at_restart(Docker(), keeps=False), disruption, "an upgrade of docker")
        seen = Seen.of(Docker())
    except HostError:
        if not interrupted:  # whose way back stays
            settle()
        raise
    RECORD.update(lambda found: replace(found, upgrading=former))
    ours = RECORD.read().packages
    install.remember({**ours, **offer.new})
    coming = offer.coming(offer.names.engine)
    new = numbers(coming) if coming else _version(Docker())
    try:
        apt.install(offer, down=step.down)
        _require(new, seen)
    except HostError as exc:
        _restore(exc, text_of(new), former, seen)
    install.remember({**ours, **apt.installed([*ours, *offer.new])})
    settle()


def settle() -> None:
    """The upgrade is at its end: its former packages are not needed any more."""
    shutil.rmtree(at(FORMER), ignore_errors=True)
    RECORD.update(lambda found: replace(found, upgrading={}))


def go_back() -> None:
    """Install the former packages, and start docker with them. Raises HostError."""
    apt.put_back(look.matching(FORMER, "*.deb"))
    units.forget()
    run(["systemctl", "daemon-reload"])
    why = service.restart(Docker())
    if why is not None:
        raise HostError("docker does not start with the former packages either", why.cause, why.remedy, why.said)
    settle()


def _restore(exc: HostError, new: str, former: t.Mapping[str, str], seen: Seen) -> t.NoReturn:
    """Go back to the *former* packages as the upgrade to *new* failed. Raises HostError with both outcomes."""
    if apt.installed(former) == former and Docker().answers():  # apt changed nothing
        settle()
        raise exc
    try:
        go_back()
    except HostError as again:
        what = f"the upgrade to Docker {new} failed ({exc.short}), and there is no way back: {again.what}"
        raise HostError(what, again.cause, again.remedy or f"The former packages are in {FORMER}", again.said) from exc
    left = service.until(lambda: seen.lost(Docker()), _BUILDERS_SECONDS)
    what = f"the upgrade to Docker {new} failed, so the former packages were installed again, and docker runs"
    what += f" (but {left})" if left else ""
    raise HostError(what, exc.short, exc.remedy, exc.said) from exc


def _require(new: t.Tuple[int, ...], seen: Seen) -> None:
    """Raise HostError unless dockerd runs in its new version, with the same image store and builders."""
    units.forget()
    docker = Docker()
    if not (docker.wait(_ANSWER_SECONDS) and _version(docker) == new):  # a policy may keep packages from restarting it
        why = service.restart(docker)
        if why is not None:
            raise HostError("docker does not start", why.cause, why.remedy, why.said)
    docker = Docker()
    if _version(docker) != new:
        raise HostError(f"docker runs in version {text_of(_version(docker))}, not in {text_of(new)}")
    lost = service.until(lambda: seen.lost(Docker()), _BUILDERS_SECONDS)
    if lost is not None:
        raise HostError("docker runs, but not as before", lost)


def _version(docker: Docker) -> t.Tuple[int, ...]:
    return numbers(docker.get("/info")["ServerVersion"])


def _former(offer: Offer) -> t.Dict[str, str]:
    """The replaced packages of the engine, as they are: others, such as libraries, also serve older versions."""
    return {name: old for name, (old, _new) in offer.upgraded.items() if name in offer.names.every}


def _kept(name: str, version: str) -> t.Optional[str]:
    """The path of a package that is on the host already."""
    pattern = f"{name}_{version.replace(':', '%3a')}_*.deb"
    return next((each for folder in (FORMER, _CACHE) for each in look.matching(folder, pattern)), None)


def _lost(former: t.Mapping[str, str]) -> t.Tuple[str, ...]:
    """Those of the packages *former* that are neither on the host nor in a repository."""
    gone = {name: version for name, version in former.items() if not _kept(name, version)}
    known = apt.in_repositories(gone) if gone else {}
    return tuple(f"{name} {version}" for name, version in gone.items() if version not in known.get(name, ()))


def _keep(former: t.Mapping[str, str]) -> None:
    """Have the packages *former* at hand. Raises HostError, with nothing changed."""
    try:
        if not RECORD.read().upgrading:  # what a run left that was killed before its upgrade
            shutil.rmtree(at(FORMER), ignore_errors=True)
        make_folders(at(FORMER), 0o700)
        for name, version in former.items():
            found = _kept(name, version)
            if found is None:
                apt.download(name, version, str(at(FORMER)))
            elif not found.startswith(f"{FORMER}/"):
                shutil.copy(at(found), at(FORMER))
            if _kept(name, version) is None:
                raise HostError(f"{name} {version} is not in {FORMER}")
    except (HostError, OSError) as exc:
        raise HostError("Docker is not upgraded, as the former packages are not at hand", str(exc)) from exc
