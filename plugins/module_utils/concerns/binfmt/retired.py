# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers and emulators of ours go; what was registered before us comes back."""

from __future__ import annotations

import pathlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    EMULATORS,
    BinfmtState,
    is_ours,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt, DropHandler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import PackageSource
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Departure,
    Effects,
    Kind,
    Plan,
    Thing,
    noted,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import (
    pulled_images,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage

# With the emulators of a run that was killed before it registered a handler.
_FOLDERS = (pathlib.Path(EMULATORS), pathlib.Path(EMULATORS).parent)


@dataclass(frozen=True)
class RemoveEmulators:
    """The step that removes the folders of the emulators, if they are empty once nothing uses one."""


@dataclass(frozen=True)
class RemoveImage:
    """The step that removes the image that the emulators came from."""

    image: PulledImage


@dataclass
class RetiredBinfmt(Binfmt):
    """No platform is asked for any more."""

    docker: t.Optional[Docker] = None

    @classmethod
    def of(cls, docker: Docker) -> RetiredBinfmt:
        """The handlers of a host with *docker*."""
        return cls((), PackageSource(), takeover=False, docker=docker)

    def plan(self, state: BinfmtState, effects: Effects) -> Plan:
        handlers = super().plan(state, effects)
        actions, notes = list(handlers.actions), []
        if _FOLDERS[1].exists():
            users = _users_but(state.owned)
            if users:
                notes.append(f"the emulators of {', '.join(users)} stay: handlers of somebody else use them")
            if not users or actions:
                actions.append(Action(f"remove {_FOLDERS[1]}, with the emulators that nothing uses", RemoveEmulators()))
        images = [each for each in RECORD.read().images if self._is_there(each)]
        actions += [
            Action(
                f"remove image {each.reference}, which came with us",
                RemoveImage(each),
                frozenset({Departure(Thing.IMAGE, each.reference)}),
            )
            for each in images
            if not self._users_of(each)
        ]
        notes += [f"image {each.reference} stays: a container is made of it" for each in images if self._users_of(each)]
        packages = RECORD.read().packages
        notes += [f"package {name}, which came with us, stays: `apt-get remove {name}` removes it" for name in packages]
        return Plan(tuple(actions), (*handlers.notes, *noted(Kind.LEFT_ALONE, notes)))

    def _is_there(self, image: PulledImage) -> bool:
        return self.docker is not None and self.docker.answers() and pulled_images.is_there(image, self.docker)

    def _users_of(self, image: PulledImage) -> t.Tuple[str, ...]:
        return pulled_images.users_of(image, self.docker) if self.docker is not None else ()

    def apply(self, actions: t.Sequence[Action]) -> None:
        steps = [action.step for action in actions]
        if any(isinstance(step, (DropHandler, RemoveEmulators)) for step in steps):
            own = (RemoveImage, RemoveEmulators)
            super().apply([action for action in actions if not isinstance(action.step, own)])
        for step in steps:
            if isinstance(step, RemoveImage) and self.docker is not None:
                pulled_images.remove(RECORD, step.image, self.docker)
            elif isinstance(step, RemoveEmulators):
                _remove_folders()


def _users_but(ours: t.Container[str]) -> t.List[str]:
    """Handlers that use an emulator of ours, and that we did not make."""
    try:
        return sorted(name for name, handler in kernel.handlers().items() if is_ours(handler) and name not in ours)
    except HostError:  # without a registry nothing is registered
        return []


def _remove_folders() -> None:
    for folder in _FOLDERS:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
