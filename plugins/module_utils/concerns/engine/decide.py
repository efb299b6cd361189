# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is missing of Docker and buildx, what will be installed, and whether that is supported. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    CERTIFICATES,
    DISTRIBUTION,
    DOCKERS,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import RepositoryState
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import Upgrade
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Arrival
from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, version_of

# Containers restart after docker does (restart policy unless-stopped) since 0.13 (docker/buildx, tags).
BUILDX_FOR_BUILDERS: Version = (0, 13)
_NEEDED = "builders need 0.13 or newer"
_PACKAGES = "install Docker's or the distribution's newer packages (Debian 13: docker.io, docker-cli, docker-buildx)"
_DISTRO = "set builder_engine: distro"
_PLUGIN = "set builder_buildx_plugin"
_REPAIR = "remove it, install its package again (`apt-get install --reinstall {}`)"
_NO_REPOSITORY = RepositoryState()


@dataclass(frozen=True)
class Plugin:
    """The specified buildx plugin: a file on the host (*src*) or at *url*, with its *version* if given."""

    sha256: str
    src: t.Optional[str] = None
    url: t.Optional[str] = None
    version: t.Optional[str] = None


@dataclass(frozen=True)
class PluginState:
    """The administrator's path for the plugin: digests of the file there and of the one that we installed.

    *otherwise* is the version that docker finds without ours; *former* says whether that was at this path.
    """

    digest: t.Optional[str] = None
    ours: t.Optional[str] = None
    otherwise: t.Optional[str] = None
    former: bool = False


@dataclass(frozen=True)
class EngineState:
    """What is there. *engine* and *buildx* are versions as the programs tell them, None if the program is missing.

    *broken* is the path of a buildx plugin that is there and does not run, and why; *buildx_package* has it. *offer* is
    what apt has for what is missing, None if nothing is, or nothing may be installed. *snap* and *podman* are where
    something else is that calls itself docker, *others* are packages of another engine, and *elsewhere* says where
    dockerd is if it is not from a package of the source. *faults* keep docker from starting again, *left_out* says why
    nothing starts it at boot. *way_back*: it does not run, and its daemon.json is of a run that ended before it saw
    docker run with it. *upgrade* is what leads to the specified version; *unsettled*: one was not seen to its end.
    """

    engine: t.Optional[str]
    buildx: t.Optional[str]
    installed: bool  # dockerd's program is there, whether it runs or not
    client: bool = True
    offer: t.Optional[Offer] = None
    place: PluginState = PluginState()
    snap: t.Optional[str] = None
    podman: t.Optional[str] = None
    faults: t.Tuple[str, ...] = ()
    left_out: str = ""
    broken: str = ""
    way_back: bool = False
    buildx_package: str = DISTRIBUTION.buildx
    others: t.Tuple[str, ...] = ()
    elsewhere: str = ""
    repository: RepositoryState = _NO_REPOSITORY
    upgrade: t.Optional[Upgrade] = None
    unsettled: bool = False


@dataclass(frozen=True)
class PlacePlugin:
    """The step that installs the plugin."""

    plugin: Plugin


@dataclass(frozen=True)
class LeavePlugin:
    """The step that removes our plugin, and restores the former one."""


@dataclass(frozen=True)
class ForgetPlugin:
    """The step that forgets our plugin: someone else replaced it."""


@dataclass(frozen=True)
class InstallPackages:
    """The step that installs packages."""

    offer: Offer


@dataclass(frozen=True)
class StartDocker:
    """The step that starts an installed dockerd."""


@dataclass(frozen=True)
class EnableDocker:
    """The step that enables an installed dockerd at boot."""


PluginStep = t.Union[PlacePlugin, LeavePlugin, ForgetPlugin]


def plugin_step(wanted: t.Optional[Plugin], place: PluginState) -> t.Optional[PluginStep]:
    """The step for the plugin's path, None for nothing."""
    if wanted is not None:
        return PlacePlugin(wanted) if place.digest != wanted.sha256 else None
    if place.ours is None:
        return None
    return LeavePlugin() if place.digest == place.ours else ForgetPlugin()


def arriving(state: EngineState, step: t.Optional[PluginStep]) -> Arrival:
    """The versions that are installed."""
    offer = state.offer or Offer()
    buildx = offer.coming(offer.names.buildx)
    if isinstance(step, PlacePlugin):
        buildx = step.plugin.version or ""
    return Arrival(offer.coming(offer.names.engine), buildx, offer.coming(CERTIFICATES) is not None)


def refusals(state: EngineState, step: t.Optional[PluginStep], *, builders: bool) -> t.Tuple[str, ...]:
    """Why the desired state is impossible on this host, each with remedies. *builders*: whether any are requested."""
    offer = state.offer
    stand_ins = _stand_ins(state)
    if stand_ins:
        return stand_ins
    if offer is not None and offer.is_incomplete:
        return (": ".join(filter(None, not_offered(offer))),)
    if offer is None and not state.installed:
        return (f"Docker is not installed: {_DISTRO}, or {_PACKAGES}",)
    if not builders:
        return state.faults
    found = list(state.faults)
    if offer is None and not state.client:
        found.append(f"the docker client is not installed: {_DISTRO}, or {_PACKAGES}")
    coming = arriving(state, step).buildx
    buildx = state.place.otherwise if isinstance(step, LeavePlugin) else state.buildx
    if coming is None and buildx is None and state.broken and not isinstance(step, LeavePlugin):
        found.append(
            f"the buildx plugin is broken: {state.broken}: {_REPAIR.format(state.buildx_package)}, or {_PLUGIN}"
        )
    elif coming is None and buildx is None:
        found.append(f"the buildx plugin is not installed, but {_NEEDED}: {_DISTRO}, {_PLUGIN}, or {_PACKAGES}")
    elif coming is None and version_of(buildx or "") < BUILDX_FOR_BUILDERS:
        found.append(f"buildx {buildx} is installed, but {_NEEDED}: {_PLUGIN}, or {_PACKAGES}")
    elif coming and version_of(coming) < BUILDX_FOR_BUILDERS:
        found.append(f"buildx {coming} is {_whose(offer)} version, but {_NEEDED}: {_PLUGIN}")
    return tuple(found)


def _stand_ins(state: EngineState) -> t.Tuple[str, ...]:
    """Nothing is installed beside these, as both would use the same socket and program name."""
    found = []
    if state.snap and not state.installed:
        found.append(
            f"Docker is here as a snap ({state.snap}), whose files are elsewhere and which is not supported: "
            f"`snap remove docker` removes it, then {_DISTRO}, or {_PACKAGES}"
        )
    if state.podman:
        found.append(
            f"{state.podman} is podman, which does not support buildx builders: `apt-get remove podman-docker` removes "
            f"it, then {_DISTRO}, or {_PACKAGES}"
        )
    if state.elsewhere:
        found.append(
            f"builder_engine: docker, but dockerd is {state.elsewhere}, and is neither replaced nor joined by another: "
            "remove it, or set builder_engine: present, which keeps it"
        )
    elif state.others:
        names = " ".join(state.others)
        found.append(
            f"builder_engine: docker, but this host has packages of another engine ({', '.join(state.others)}), which "
            "are neither replaced nor joined by others: set builder_engine: distro or present, which keep them, or run "
            f"`apt-get remove {names}`, which stops docker and keeps its data, and run again"
        )
    return tuple(found)


def _whose(offer: t.Optional[Offer]) -> str:
    return "the repository's" if offer is not None and offer.names is DOCKERS else "the distribution's"


def not_offered(offer: Offer) -> t.Tuple[str, str, str]:
    """(what apt does not do, why, the remedy) of an incomplete offer; parts may be empty."""
    asked, unknown = ", ".join(offer.asked), ", ".join(offer.unknown)
    source = f"builder_engine: {'docker' if offer.names is DOCKERS else 'distro'}"
    if offer.unusable:
        return (
            "apt cannot use builder_engine_repository",
            offer.unusable,
            "Check its url, suite, components and key; if apt has the same repository from another file of"
            " /etc/apt/sources.list.d, remove that one",
        )
    if not offer.unknown:
        return (f"{source}: apt-get would not install {asked}", offer.refusal, "")
    if offer.version and set(offer.unknown) <= {offer.names.engine, offer.names.client} and not offer.unfetched:
        return (
            f"builder_engine_version = {offer.version}: apt has no such version of {unknown}",
            f"{offer.names.engine} is there in {', '.join(offer.known) or 'none'}",
            "Specify one of these, or add a repository that has it",
        )
    if offer.unfetched:
        return (
            f"{source}: apt finds no package {unknown}, and cannot fetch fresh lists",
            offer.unfetched,
            "Check that this host reaches its archive (the proxy is in /etc/apt/apt.conf.d), and that it is named in"
            " /etc/apt/sources.list or sources.list.d",
        )
    if offer.unknown == (DISTRIBUTION.buildx,):
        return (f"the distribution has no package {DISTRIBUTION.buildx}, but {_NEEDED}: {_PLUGIN}", "", "")
    return (
        f"{source}: apt finds no package {unknown}, not even in fresh lists",
        "",
        "Check that /etc/apt/sources.list or sources.list.d names an archive that has it (main of Debian, universe of"
        " Ubuntu), or install Docker another way",
    )
