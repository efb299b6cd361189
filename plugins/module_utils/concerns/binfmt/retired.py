# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our handlers and emulators are removed; what was registered before is restored."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import canary_image, kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    EMULATORS,
    BinfmtState,
    is_ours,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.resource import Binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import PackageSource
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker import readers
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.readers import Reader
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Departure,
    Doers,
    Effects,
    Kind,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state import pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage, RemoveImage

# Including emulators of a run that was killed before it registered a handler.
_FOLDERS = (EMULATORS, EMULATORS.rpartition("/")[0])


@dataclass(frozen=True)
class RemoveEmulators:
    """The step that removes the emulators' directories, if they are empty without the unused ones."""


@dataclass(frozen=True)
class RemoveMomentary:
    """The step that removes handlers of killed runs, by their names."""

    names: t.Tuple[str, ...]


@dataclass(frozen=True)
class RemoveReaders:
    """The step that removes containers of killed runs (docker/readers.py)."""

    readers: t.Tuple[Reader, ...]


@dataclass(frozen=True)
class RetiredState:
    """*folder* says whether our directory exists, *users* are unmanaged handlers with an emulator in it.

    *images*, with the containers that use each, and *packages* were installed by us. *readers* are containers, and
    *momentary* handlers, of killed runs, *aside* the names that these gave to images which were in the canary's way.
    """

    handlers: BinfmtState
    folder: bool = False
    users: t.Tuple[str, ...] = ()
    images: t.Mapping[PulledImage, t.Tuple[str, ...]] = field(default_factory=dict)
    packages: t.Tuple[str, ...] = ()
    readers: t.Tuple[Reader, ...] = ()
    momentary: t.Tuple[str, ...] = ()
    aside: t.Tuple[str, ...] = ()


@dataclass
class RetiredBinfmt(Concern[RetiredState]):
    """The empty desired state of *handlers*."""

    handlers: Binfmt
    docker: Docker
    concern: t.ClassVar[str] = Binfmt.concern

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredBinfmt:  # noqa: ARG003  # all is in the record
        return cls(Binfmt((), PackageSource(), takeover=False), docker)

    def observe(self) -> RetiredState:
        handlers, known, folder = self.handlers.observe(), RECORD.read(), look.exists(_FOLDERS[1])
        answers = pulled_images.require_docker(known.images, self.docker)
        images = known.images if answers else ()
        return RetiredState(
            handlers,
            folder,
            _users_but(handlers.owned) if folder else (),
            {
                each: pulled_images.users_of(each, self.docker)
                for each in images
                if pulled_images.is_there(each, self.docker)
            },
            tuple(known.packages),
            readers.left(self.docker) if answers else (),
            kernel.momentary(),
            canary_image.set_aside(self.docker) if answers else (),
        )

    def plan(self, state: RetiredState, effects: Effects) -> Plan:
        handlers = self.handlers.plan(state.handlers, effects)
        actions, notes = list(handlers.actions), []
        if state.momentary:
            words = f"remove handler {', '.join(state.momentary)}, which an interrupted run left"
            actions.append(Action(words, RemoveMomentary(state.momentary)))
        if state.users:
            notes.append(f"the emulators of {', '.join(state.users)} are kept: unmanaged handlers use them")
        if state.folder and (not state.users or actions):
            actions.append(Action(f"remove {_FOLDERS[1]}, with the unused emulators", RemoveEmulators()))
        if state.readers:
            actions.append(_readers(state.readers))
        gone = {each.name for each in state.readers}
        for image, containers in state.images.items():
            if not gone.issuperset(containers):
                notes.append(f"image {image.reference} is kept: a container uses it")
            else:
                actions.append(pulled_images.removal(image))
        notes += [
            f"package {name}, which was installed for the builders, is kept: `apt-get remove {name}` removes it"
            for name in state.packages
        ]
        notes += [
            f"image {name} is kept: it is the canary's image as it was before an interrupted run, which a pull by its "
            f"digest names again; `docker image rm {name}` then removes this name"
            for name in state.aside
        ]
        return Plan(tuple(actions), (*handlers.notes, *Kind.LEFT_ALONE.notes(notes)))

    def apply(self, actions: t.Sequence[Action]) -> None:
        doers: Doers = {
            RemoveEmulators: lambda _step: _remove_folders(),
            RemoveMomentary: _remove_momentary,
            RemoveReaders: self._remove_readers,
            RemoveImage: lambda step: pulled_images.remove(RECORD, step.image, self.docker),
        }
        if not all(isinstance(action.step, (RemoveReaders, RemoveImage)) for action in actions):
            self.handlers.apply([action for action in actions if type(action.step) not in doers])
        perform([action for action in actions if type(action.step) in doers], doers)

    def _remove_readers(self, step: RemoveReaders) -> None:
        for each in step.readers:
            readers.remove(each.id, self.docker)


def _readers(found: t.Sequence[Reader]) -> Action:
    names = ", ".join(each.name for each in found)
    effects = frozenset(Departure("container", each.name) for each in found)
    words = f"remove container {names}, by which an interrupted run read an image (it never ran)"
    return Action(words, RemoveReaders(tuple(found)), effects)


def _users_but(ours: t.Container[str]) -> t.Tuple[str, ...]:
    """Unmanaged handlers that use a managed emulator."""
    try:
        handlers = kernel.handlers()
    except HostError:  # without a registry nothing is registered
        return ()
    return tuple(sorted(name for name, handler in handlers.items() if is_ours(handler) and name not in ours))


def _remove_momentary(step: RemoveMomentary) -> None:
    for name in step.names:
        kernel.unregister(name)


def _remove_folders() -> None:
    for folder in _FOLDERS:
        if look.is_folder(folder) and not look.names(folder):
            at(folder).rmdir()
