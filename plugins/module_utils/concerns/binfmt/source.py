# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where emulators come from: an image like tonistiigi/binfmt, pulled or in an archive, or a package."""

from __future__ import annotations

import abc
import contextlib
import functools
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import image as images
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import package
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.gate import Canary, Rejection
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, split_reference
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import Rights, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import SIBLINGS, Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action

if t.TYPE_CHECKING:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.extraction import Contents


@dataclass(frozen=True)
class Emulator:
    """The installed emulator of one format.

    *line* registers it, None while it is missing or damaged (*damage* says how). *rights* are the required ones of its
    files, *fault* is what needs manual repair.
    """

    line: t.Optional[str]
    damage: str = ""
    rights: t.Tuple[Rights, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class InstallEmulators:
    """The step that installs the emulators of *formats*."""

    formats: t.Tuple[ElfFormat, ...]


class Source(abc.ABC):
    """One source of emulators."""

    # Whether a managed file in /etc/binfmt.d makes its handlers permanent; a package has its own elsewhere.
    ours: t.ClassVar[bool]

    @abc.abstractmethod
    def emulator(self, fmt: ElfFormat) -> Emulator:
        """The emulator of the format on the host."""

    @abc.abstractmethod
    def installations(self, missing: t.Tuple[ElfFormat, ...], release: t.Mapping[str, str]) -> t.Tuple[Action, ...]:
        """What installs all that is missing on a host of *release* (/etc/os-release). Pure. Raises HostError."""

    def lacks(
        self,
        missing: t.Tuple[ElfFormat, ...],  # noqa: ARG002  # an image is not known before it is there
        processor: Processor,  # noqa: ARG002
    ) -> t.Tuple[str, ...]:
        """Messages about *missing* formats that the source is known not to contain. Pure."""
        return ()

    @abc.abstractmethod
    def install(self, formats: t.Tuple[ElfFormat, ...]) -> t.Tuple[Rejection, ...]:
        """Install the emulators; returns those that do not work, which are not installed. Raises HostError."""


@dataclass(frozen=True)
class ImageSource(Source):
    """The emulators of an image; *archive* is a `docker save` archive on the host, used instead of a pull.

    *images* are other images, for single platforms by architecture. *canary* must run under each new emulator.
    """

    image: str
    archive: t.Optional[str]
    registries: t.Tuple[Registry, ...]
    docker: Docker
    images: t.Mapping[str, str] = field(default_factory=dict)
    canary: t.Optional[Canary] = None
    ours: t.ClassVar[bool] = True

    def image_of(self, fmt: ElfFormat) -> str:
        """The image that the emulator of the format is taken from."""
        return self.images.get(fmt.architecture, self.image)

    def emulator(self, fmt: ElfFormat) -> Emulator:
        found = images.installed(self.image_of(fmt))
        if found is None or fmt.binary not in found.binaries:
            return Emulator(None)
        path = f"{found.folder}/{fmt.binary}"
        try:
            damage = images.damage(path, look(path), found.written.get(fmt.binary), lambda: images.digest_of(path))
        except OSError as exc:
            damage = f"{path} cannot be read: {exc.strerror}"
        if damage:
            return Emulator(None, damage)
        return Emulator(registration(fmt, path, found.flags) + "\n", rights=images.rights_of(path))

    def installations(
        self,
        missing: t.Tuple[ElfFormat, ...],
        release: t.Mapping[str, str],  # noqa: ARG002  # the same image for all
    ) -> t.Tuple[Action, ...]:
        where = f" in {self.archive}" if self.archive else ""
        tried = self.canary.name if self.canary else "a tiny program only: no builder_binfmt_canary"
        return tuple(
            Action(
                f"take {', '.join(fmt.binary for fmt in formats)} out of {image}{where} (each is tried with {tried})",
                InstallEmulators(formats),
            )
            for image, formats in self._by_image(missing).items()
        )

    def install(self, formats: t.Tuple[ElfFormat, ...]) -> t.Tuple[Rejection, ...]:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import canary, extraction

        rejected: t.List[Rejection] = []
        with contextlib.ExitStack() as stack:
            prove: t.Optional[extraction.Prove] = None
            if self.canary:
                login = self._login(self.canary.image or "")
                programs = stack.enter_context(canary.opened(self.canary, self.docker, login))
                prove = functools.partial(canary.prove, self.canary, programs)
            for image, some in self._by_image(formats).items():
                failed = extraction.install(image, some, functools.partial(self._contents, image), prove)
                rejected += [Rejection(fmt, image, why) for fmt, why in failed.items()]
        return tuple(rejected)

    def _by_image(self, formats: t.Iterable[ElfFormat]) -> t.Dict[str, t.Tuple[ElfFormat, ...]]:
        found: t.Dict[str, t.Tuple[ElfFormat, ...]] = {}
        for fmt in formats:
            image = self.image_of(fmt)
            found[image] = (*found.get(image, ()), fmt)
        return found

    def _contents(self, image: str, names: t.Sequence[str]) -> Contents:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import extraction

        if self.archive:
            return extraction.from_archive(self.archive, names)
        return extraction.from_docker(image, names, self.docker, self._login(image))

    def _login(self, image: str) -> t.Optional[t.Tuple[str, str]]:
        host = split_reference(image)[0].split("/")[0]
        for each in self.registries:
            if each.host == host and each.username and each.password:
                return each.username, each.password
        return None


@dataclass(frozen=True)
class PackageSource(Source):
    """The distribution's QEMU, which registers itself in /usr/lib/binfmt.d."""

    ours: t.ClassVar[bool] = False

    def emulator(self, fmt: ElfFormat) -> Emulator:
        path = f"{package.BINFMT_D}/{fmt.handler}.conf"
        line = read(path)
        return Emulator(line, fault=package.fault_of(path, line) if line else "")

    def installations(self, missing: t.Tuple[ElfFormat, ...], release: t.Mapping[str, str]) -> t.Tuple[Action, ...]:
        name = package.name_for(release)
        summary = f"install package {name}, which brings handlers for all its formats"
        return (Action(summary, InstallEmulators(missing)),)

    def lacks(self, missing: t.Tuple[ElfFormat, ...], processor: Processor) -> t.Tuple[str, ...]:
        sibling = SIBLINGS.get(processor.architecture or "")
        return tuple(package.omission(fmt, processor) for fmt in missing if fmt.architecture == sibling)

    def install(self, formats: t.Tuple[ElfFormat, ...]) -> t.Tuple[Rejection, ...]:
        package.install(package.name_for(package.os_release()))
        package.require({fmt.handler for fmt in formats})
        return ()
