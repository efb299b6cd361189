# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every platform runs on the host: natively, or through a handler that is there after every reboot."""

from __future__ import annotations

import os
import pathlib
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import record
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt import image, kernel
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.decide import (
    BINFMT_D,
    BinfmtState,
    Finding,
    Verdict,
    finding,
    line,
    needed,
    unwanted,
)
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker, split_reference
from ansible_collections.multiarch.builders.plugins.module_utils.files import (
    RemoveFile,
    WriteFile,
    back_up,
    read,
    remove,
    write,
)
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action, Effects, Plan, Resource
from ansible_collections.multiarch.builders.plugins.module_utils.spec import Registry


@dataclass(frozen=True)
class InstallEmulators:
    """The step that takes emulators out of the image."""

    binaries: t.Tuple[str, ...]


@dataclass(frozen=True)
class KeepHandler:
    """The step that registers a handler and makes it last; *register* is False if only its file differs."""

    fmt: ElfFormat
    register: bool


@dataclass(frozen=True)
class DropHandler:
    """The step that removes a handler of ours."""

    name: str


@dataclass
class Binfmt(Resource[BinfmtState]):
    """The handlers of all platforms."""

    platforms: t.Tuple[str, ...]
    image: str
    registries: t.Tuple[Registry, ...]
    docker: Docker
    concern: t.ClassVar[str] = "binfmt"

    def observe(self) -> BinfmtState:
        machine = os.uname().machine
        owned = frozenset(record.load(self.concern).get("handlers", ()))
        names = owned | {fmt.handler for fmt in needed(self.platforms, machine)}
        files = {name: read(_file(name)) for name in sorted(names)}
        return BinfmtState(
            machine=machine,
            handlers=kernel.handlers() if names else {},
            emulators=image.installed(self.image),
            configuration={name: text for name, text in files.items() if text is not None},
            owned=owned,
        )

    def plan(self, state: BinfmtState, effects: Effects) -> Plan:  # noqa: ARG002  # the kernel does the work
        formats = needed(self.platforms, state.machine)
        findings = [finding(fmt, state) for fmt in formats]
        ours = [each for each in findings if each.verdict is not Verdict.LEAVE]
        actions = []
        missing = tuple(each.fmt.binary for each in ours if each.fmt.binary not in state.emulators.binaries)
        if missing:
            summary = f"take {', '.join(missing)} out of {self.image}"
            actions.append(Action(summary, InstallEmulators(missing)))
        for each in ours:
            action = self._keep(each, state)
            if action is not None:
                actions.append(action)
        gone = unwanted(state, [each.fmt for each in ours])
        actions += [
            Action(f"remove handler {name}, which no platform of builder_platforms needs", DropHandler(name))
            for name in gone
        ]
        return Plan(
            tuple(actions),
            tuple(_note(each, each.handler) for each in findings if each.verdict is Verdict.LEAVE and each.handler),
        )

    def _keep(self, found: Finding, state: BinfmtState) -> t.Optional[Action]:
        fmt = found.fmt
        if found.verdict is Verdict.KEEP:
            if state.configuration.get(fmt.handler) == line(state.emulators, fmt) and fmt.handler in state.owned:
                return None
            return Action(
                f"write {_file(fmt.handler)}, so that {fmt.handler} is there after a reboot", KeepHandler(fmt, False)
            )
        verb = "register" if found.verdict is Verdict.ADD else "replace"
        there = f" ({found.handler.interpreter}: {found.why})" if found.handler else ""
        return Action(f"{verb} handler {fmt.handler} for linux/{fmt.architecture}{there}", KeepHandler(fmt, True))

    def apply(self, actions: t.Sequence[Action]) -> None:
        registered = []
        for action in actions:
            step = action.step
            if isinstance(step, InstallEmulators):
                image.install(self.image, step.binaries, self.docker, self._login())
            elif isinstance(step, KeepHandler):
                self._make_last(step)
                registered.append(step.fmt)
            elif isinstance(step, DropHandler):
                kernel.unregister(step.name)
                remove(RemoveFile(_file(step.name)))
                self._own(remove_name=step.name)
        for platform in self.platforms:
            if registered and any(fmt in registered for fmt in needed([platform], os.uname().machine)):
                kernel.prove(platform)
        self._sweep()

    def _make_last(self, step: KeepHandler) -> None:
        text = line(image.installed(self.image), step.fmt)
        if step.fmt.handler not in record.load(self.concern).get("handlers", ()):
            back_up(_file(step.fmt.handler))  # somebody else's, so far
        self._own(add_name=step.fmt.handler)
        write(WriteFile(_file(step.fmt.handler), text))
        if step.register:
            kernel.register(text, step.fmt.handler)

    def _own(self, add_name: str = "", remove_name: str = "") -> None:
        names = set(record.load(self.concern).get("handlers", ()))
        record.save(self.concern, {"handlers": sorted((names | {add_name}) - {remove_name, ""})})

    def _login(self) -> t.Optional[t.Tuple[str, str]]:
        host = split_reference(self.image)[0].split("/")[0]
        for each in self.registries:
            if each.host == host and each.username and each.password:
                return each.username, each.password
        return None

    def _sweep(self) -> None:
        used = {str(pathlib.Path(each.interpreter).parent) for each in kernel.handlers().values()}
        image.sweep({*used, image.installed(self.image).folder})


def _file(handler: str) -> str:
    return f"{BINFMT_D}/{handler}.conf"


def _note(found: Finding, handler: Handler) -> str:
    return (
        f"linux/{found.fmt.architecture}: handler {handler.name} of somebody else works and was left alone "
        f"(interpreter {handler.interpreter}, flags {handler.flags})"
    )
