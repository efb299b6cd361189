# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of Docker and buildx what is asked for needs. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.version import Version, version_of

# Engine: the containerd image store is a feature since 24.0. buildx: containers come back after a
# restart of docker (restart policy unless-stopped) since 0.13 (docker/buildx, tags).
ENGINE_FOR_STORE: Version = (24, 0)
BUILDX_FOR_BUILDERS: Version = (0, 13)
_WAYS_OUT = "install Docker's or the distribution's newer packages (Debian 13: docker.io, docker-cli, docker-buildx)"


@dataclass(frozen=True)
class EngineState:
    """What is there. *engine* and *buildx* are versions as the programs tell them, None if the program is missing."""

    engine: t.Optional[str]
    buildx: t.Optional[str]
    installed: bool  # dockerd's program is there, whether it runs or not


@dataclass(frozen=True)
class Needs:
    """What the other concerns ask of Docker."""

    image_store: bool
    builders: bool


def refusals(state: EngineState, needs: Needs) -> t.Tuple[str, ...]:
    """Why this host cannot be what is asked, each with the ways out; empty if it can."""
    if not state.installed:
        return (f"Docker is not installed: {_WAYS_OUT}",)
    found = []
    if needs.image_store and state.engine is not None and version_of(state.engine) < ENGINE_FOR_STORE:
        found.append(
            f"Docker {state.engine} is here, but the containerd image store (features.containerd-snapshotter) needs "
            f"24.0 or newer: {_WAYS_OUT}, or set builder_daemon_options: {{features: {{containerd-snapshotter: null}}}}"
        )
    if needs.builders and state.buildx is None:
        found.append(f"the buildx plugin is not installed, but builders need 0.13 or newer: {_WAYS_OUT}")
    elif needs.builders and state.buildx is not None and version_of(state.buildx) < BUILDX_FOR_BUILDERS:
        found.append(f"buildx {state.buildx} is here, but builders need 0.13 or newer: {_WAYS_OUT}")
    return tuple(found)
