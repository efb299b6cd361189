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
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import PackageSource
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Doers,
    Effects,
    Kind,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import RemoveImage

# With the emulators of a run that was killed before it registered a handler.
_FOLDERS = (pathlib.Path(EMULATORS), pathlib.Path(EMULATORS).parent)


@dataclass(frozen=True)
class RemoveEmulators:
    """The step that removes the folders of the emulators, if they are empty once nothing uses one."""


@dataclass
class RetiredBinfmt(Binfmt):
    """No platform is asked for any more."""

    docker: Docker

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredBinfmt:  # noqa: ARG003  # all is in the record
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
        known = RECORD.read().images if self.docker.answers() else ()
        for image in (each for each in known if pulled_images.is_there(each, self.docker)):
            if pulled_images.users_of(image, self.docker):
                notes.append(f"image {image.reference} stays: a container is made of it")
            else:
                actions.append(pulled_images.removal(image))
        packages = RECORD.read().packages
        notes += [f"package {name}, which came with us, stays: `apt-get remove {name}` removes it" for name in packages]
        return Plan(tuple(actions), (*handlers.notes, *Kind.LEFT_ALONE.notes(notes)))

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            RemoveEmulators: lambda _step: _remove_folders(),
            RemoveImage: lambda step: pulled_images.remove(RECORD, step.image, self.docker),
        }
        if not all(isinstance(action.step, RemoveImage) for action in actions):
            super().apply([action for action in actions if type(action.step) not in doers])
        perform([action for action in actions if type(action.step) in doers], doers)


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
