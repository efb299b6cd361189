# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every platform runs on the host: natively, or through a handler that survives every reboot."""

from __future__ import annotations

import pathlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import (
    boot,
    image,
    kernel,
    native,
    ours,
    package,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.configuration import (
    files_of,
    rights_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import (
    BinfmtState,
    Verdict,
    catching,
    file_of,
    findings,
    in_front,
    is_ours,
    is_theirs,
    missing,
    needed,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, format_for
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.gate import (
    Rejection,
    canary_of,
    is_rejected,
    unfinished,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.plan import (
    DropHandler,
    KeepHandler,
    TurnOn,
    planned,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.source import (
    ImageSource,
    InstallEmulators,
    PackageSource,
    Source,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host import file_modes
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read, remove, write
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Params,
    instances_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.placement import Place, machines_of, place_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import architecture_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Doers,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass
class Binfmt(Concern[BinfmtState]):
    """The handlers of all platforms."""

    platforms: t.Tuple[str, ...]
    source: Source
    takeover: bool
    native_first: bool = True
    elsewhere: t.FrozenSet[str] = frozenset()  # platforms that a node on another machine may build
    concern: t.ClassVar[str] = "binfmt"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Binfmt:
        source: Source = PackageSource()
        if params["binfmt_source"] == "image":
            source = ImageSource(
                params["binfmt_image"],
                params["binfmt_archive"],
                registries_of(params),
                docker,
                {architecture_of(platform): each for platform, each in params["binfmt_images"].items()},
                canary_of(params["binfmt_canary"]),
            )
        platforms, builders = tuple(params["platforms"]), [machines_of(each) for each in instances_of(params)]
        elsewhere = frozenset(
            each for each in platforms if any(place_of(one, each) is not Place.HERE for one in builders)
        )
        return cls(platforms, source, params["binfmt_takeover"], params["native_first"], elsewhere)

    def observe(self) -> BinfmtState:
        processor = self._processor()
        formats = needed(self.platforms, processor)
        known = RECORD.read()
        owned = known.handlers
        names = sorted(owned | {fmt.handler for fmt in formats})
        handlers = kernel.handlers() if names or processor.siblings else {}
        on = not formats or kernel.is_on()
        emulators = {fmt.handler: self.source.emulator(fmt) for fmt in formats}
        masked, configuration = files_of(names, owned)
        state = BinfmtState(
            processor=processor,
            handlers=handlers,
            lines=_known({name: each.line for name, each in emulators.items()}),
            configuration=configuration,
            owned=owned,
            broken=self._broken(formats, handlers, processor) if on else {},
            damaged=_known({name: each.damage or None for name, each in emulators.items()}),
            faults=_known({name: each.fault or None for name, each in emulators.items()}),
            on=on,
            boot=boot.faults() if formats else (),
            masked=masked,
            loose=file_modes.faults(rights_of(emulators.values(), owned & emulators.keys() - masked.keys())),
            former=known.former,
            lost=frozenset(name for name, each in known.former.items() if ours.is_lost(each)),
        )
        return self._with_origins(state)

    def _with_origins(self, state: BinfmtState) -> BinfmtState:
        """*state* with owners and versions of the reported handlers: dpkg is not run for any other."""
        found = findings(self.platforms, state, self.takeover)
        there = [(each.handler, each.verdict) for each in found if each.handler is not None]
        owners = [each.interpreter for each, verdict in there if verdict is not Verdict.KEEP and not is_ours(each)]
        slow = [in_front(each, state.processor, state.handlers) for each in self.platforms]
        owners += [each.interpreter for each in slow if each is not None and not is_ours(each)]
        programs = [each.interpreter for each, _verdict in there if is_ours(each)]
        emulators = {each: image.in_folder(str(pathlib.PurePath(each).parent)) for each in programs}
        return replace(
            state,
            owners={each: package.owner_of_file(each) for each in owners},
            versions={each: known.version for each, known in emulators.items() if known is not None},
            release=package.os_release() if missing(found, state) else {},
        )

    def _processor(self) -> Processor:
        found = native.processor(self.platforms)
        return found if self.native_first else replace(found, siblings=frozenset())

    def _broken(
        self, formats: t.Iterable[ElfFormat], handlers: t.Mapping[str, Handler], processor: Processor
    ) -> t.Dict[str, str]:
        """Foreign handlers that look right but run nothing: {name: why}. Managed ones are proven when they are made.

        Raises HostError if no program can be tried, as no foreign handler is replaced for that.
        """
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import BrokenError

        found = {}
        for fmt in formats:
            handler = catching(fmt, handlers)
            if handler is None or is_ours(handler) or not (handler.enabled and handler.fixed and handler.serves(fmt)):
                continue
            try:
                _prove(next(each for each in self.platforms if fmt in needed([each], processor)))
            except BrokenError as exc:
                found[handler.name] = str(exc)
        return found

    def plan(self, state: BinfmtState, effects: Effects) -> Plan:  # noqa: ARG002  # the kernel does the work
        return planned(self.platforms, self.source, state, takeover=self.takeover, elsewhere=self.elsewhere)

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.extraction import sweep

        if any(isinstance(action.step, TurnOn) for action in actions):
            kernel.turn_on()
            actions = self.plan(self.observe(), NO_EFFECTS).actions  # now foreign handlers can be tried, too
        rejected: t.List[Rejection] = []
        doers: Doers = {
            TurnOn: lambda _step: kernel.turn_on(),
            InstallEmulators: lambda step: rejected.extend(self.source.install(step.formats)),
            RestoreRights: file_modes.restore,
            KeepHandler: lambda step: None if is_rejected(step.fmt, rejected) else self._keep_handler(step),
            DropHandler: lambda step: self._drop(step.name),
        }
        perform(actions, doers)
        kept = {action.step.fmt for action in actions if isinstance(action.step, KeepHandler)}
        registered = {fmt for fmt in kept if not is_rejected(fmt, rejected)}
        for platform in self.platforms:
            if format_for(platform) in registered:
                _prove(platform)
        used = {str(pathlib.PurePath(each.interpreter).parent) for each in kernel.handlers().values()}
        sweep(used)
        if rejected:
            raise unfinished(rejected)

    def _keep_handler(self, step: KeepHandler) -> None:
        name, text = step.fmt.handler, self.source.emulator(step.fmt).line
        if text is None:
            raise HostError(f"the emulator of {name} is not on this host although it was installed: run again")
        if self.source.ours:
            ours.own(name, kernel.handlers().get(name))
            write(WriteFile(file_of(name), text, follows=False))
        elif name in ours.names():
            remove(RemoveFile(file_of(name)))
            ours.disown(name)
        if step.register:
            kernel.register(text, name)

    def _drop(self, name: str) -> None:
        former, current = ours.former(name), kernel.handlers().get(name)
        if not is_theirs(read(file_of(name), errors="replace") if ours.mask_of(name) is None else None):
            ours.put_file_back(name)
        packaged = read(f"{package.BINFMT_D}/{name}.conf") if ours.mask_of(name) is None else None
        if current is not None and not is_ours(current):
            pass  # a foreign one was registered over ours, and is kept
        elif former.line is not None and not ours.is_lost(former):
            kernel.register(former.line, name)
            if not former.enabled:
                kernel.disable(name)
        elif packaged is not None:
            kernel.register(packaged, name)
        else:
            kernel.unregister(name)
        ours.disown(name)


def _prove(platform: str) -> None:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import prove

    prove(platform)


def _known(found: t.Mapping[str, t.Optional[str]]) -> t.Dict[str, str]:
    return {name: text for name, text in found.items() if text is not None}
