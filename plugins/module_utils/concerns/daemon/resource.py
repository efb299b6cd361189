# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd runs with what is asked: daemon.json merged, a restart only where it must be, a way back on failure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration,
    configuration_file,
    containerd_root,
    extra_checks,
    hosts_files,
    left_behind,
    lists,
    snapshotters,
    store,
    tokens,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    effects_on_containers,
    implied,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.gc import gc_keys, gc_notes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import (
    DATA_ROOT_LEAVE,
    IMAGE_STORE_LEAVE,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.insecure import insecure_notes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import (
    need_system_store,
    unusable,
    without_login,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart_plan import (
    RestartDaemon,
    restart,
    without_leave,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    has_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker import containerd, service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.file_modes import RestoreRights, restore
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import bundle_of, system_store
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import (
    Disruption,
    Params,
    Registry,
    disruption_of,
    networks_of,
    proxy_of,
    registries_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import NO_GC, Gc, gc_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, parse, render
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import compose
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Difference,
    Doers,
    Effect,
    Effects,
    Kind,
    Plan,
    arrival,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.registry.asking import challenges
from ansible_collections.multiarch.builders.plugins.module_utils.state import authorities, restart_due, rollback
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import remove_owned, write_owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Change, changes
from ansible_collections.multiarch.builders.plugins.module_utils.state.rollback import DAEMON_JSON

_NOT_YET = "daemon.json is validated by dockerd as soon as that is installed, before it is written"


@dataclass(frozen=True)
class ReloadDaemon:
    """The step that has dockerd read daemon.json again, which disturbs nothing that runs."""

    document: Document


@dataclass
class Daemon(Concern[DaemonState]):
    """daemon.json and the dockerd that runs with it."""

    registries: t.Tuple[Registry, ...]
    proxy: Proxy
    dns: t.Tuple[str, ...]
    options: t.Mapping[str, t.Any]
    disruption: Disruption
    allow_image_store_switch: bool
    docker: Docker
    gc: Gc = NO_GC
    allow_data_root_switch: bool = False
    pulls: bool = True  # docker itself pulls and pushes here, not builders alone
    networks: t.Tuple[str, ...] = ()
    concern: t.ClassVar[str] = "daemon"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Daemon:
        return cls(
            registries=registries_of(params),
            proxy=proxy_of(params),
            dns=tuple(params["dns"]),
            options=params["daemon_options"],
            disruption=disruption_of(params),
            allow_image_store_switch=params["allow_image_store_switch"],
            docker=docker,
            gc=gc_of(params),
            allow_data_root_switch=params["allow_data_root_switch"],
            pulls=params["docker_pulls"],
            networks=networks_of(params),
        )

    def patch(self, state: DaemonState) -> Document:
        """All that is asked of daemon.json, sets as mappings; the user's options have the last word."""
        gc = gc_keys(self.gc, state.engine, state.document)
        found = implied(self.registries, self.proxy, self.dns, gc, state.engine, self.networks)
        return compose(lists.as_mappings(found), self.options)

    def observe(self) -> DaemonState:
        text = read(DAEMON_JSON)
        info = self.docker.get("/info") if self.docker.answers() else None
        program = service.installed_version() if info is None else None
        document = parse(text, DAEMON_JSON, marked=True)
        found = containerd.of_dockerd(info, document) if info is not None else None
        return DaemonState(
            text=text,
            document=document,
            keys=configuration.keys(),
            info=info,
            unseen=restart_due.since_start(),
            files=hosts_files.observe(self.registries, info.get("ServerVersion") if info else program),
            way_back=rollback.is_open(),
            program=program,
            original=configuration.original(),
            tokens=self._tokens() if info is not None else tokens.NO_TOKENS,
            elsewhere=configuration_file.elsewhere(),
            loose=configuration_file.too_open(text),
            other_file=configuration_file.other_in_use() if info is not None else None,
            flags=configuration_file.flags() if info is not None else (),
            containerd=found,
            left=(*left_behind.notes(info), *containerd_root.notes(info, found)) if info is not None else (),
        )

    def _tokens(self) -> tokens.Tokens:
        """Registries are asked only where a CA of the table is there that dockerd has not read."""
        cas = tokens.authorities_of(self.registries)
        if not cas:
            return tokens.NO_TOKENS
        system = system_store()
        unread = authorities.unread(filter(system.takes, cas), bundle_of(system))
        if not unread or not self.pulls:
            return tokens.Tokens(unread)
        found, silent = challenges([each for each in self.registries if not each.is_optional], self.proxy)
        return tokens.Tokens(unread, {host: each.token_host for host, each in found.items()}, silent)

    def plan(self, state: DaemonState, effects: Effects) -> Plan:
        coming = arrival(effects).engine
        if coming is not None:
            state = replace(state, program=coming, files=hosts_files.observe(self.registries, coming))
        after = self._after(state)
        if state.elsewhere:
            raise HostError(state.elsewhere)
        reasons = restart_reasons(state, after, effects, self._store_reasons(state))
        self._refuse(state, after, restarts=bool(reasons))
        if state.info is not None:
            containerd_root.refuse(state.info, state.containerd, self.docker)
        limits = [
            *unusable(self.registries, state.engine, wants_containerd_store(after)),
            *without_login(self.registries),
            *gc_notes(self.gc, state.engine),
            *insecure_notes(self.registries, self.networks, state.engine, wants_containerd_store(after)),
            *lists.lost_entries(state.document, after, state.keys),
            *store.notes(compose(implied(()), self.options), state.engine),
            *(() if reasons else self._hides(state, after)),
            *extra_checks.notes(after, state.engine),
        ]
        actions = hosts_files.actions_for(state.files)
        differences = changes(state.document, after)
        if differences:
            effect = Effect.CONFIGURATION_CHANGES if reasons else Effect.CONFIGURATION_RELOADS
            step = self._write(state, after, effect)
            limits += _validate(step.text) if coming is None else (_NOT_YET,)
            actions.append(writing(step, differences, effects_on_containers(state.document, after)))
        actions += configuration_file.closing(state.loose)
        waits = tokens.notes_on(self.registries, state.tokens)
        if reasons and self.disruption.mode == "never":
            waits.append(f"docker must restart, but builder_disruption: never forbids it: {'; '.join(reasons)}")
        elif reasons:
            actions.append(restart(self.docker, self.disruption, state, after, reasons))
        elif state.info is not None and (differences or Effect.CONFIGURATION_RELOADS in state.unseen):
            why = "; ".join(map(str, differences)) or "daemon.json changed after docker read it"
            actions.append(
                Action(f"reload docker (running containers and builds are unaffected): {why}", ReloadDaemon(after))
            )
        left = (*hosts_files.notes_on(state.files), *state.left)
        notes = (*Kind.LIMIT.notes(limits), *Kind.LEFT_ALONE.notes(left), *Kind.WAITS.notes(waits))
        return Plan(tuple(actions), notes, {"restart": list(reasons)} if reasons else {})

    def _store_reasons(self, state: DaemonState) -> t.List[str]:
        """Why dockerd needs the operating system's authorities as they are now."""
        if state.info is None or not state.tokens.unread:
            return []
        containerd_store = has_containerd_store(state.info)
        for_tokens = tokens.restart_reason(
            self.registries, state.tokens, state.engine, containerd_store=containerd_store
        )
        if need_system_store(self.registries, state.engine, state.files.theirs):
            return ["the operating system's trust store changed, which dockerd reads once"]
        return [for_tokens] if for_tokens else []

    def _after(self, state: DaemonState) -> Document:
        return lists.merged(state.document, state.keys, self.patch(state))

    def _write(self, state: DaemonState, after: Document, effect: Effect) -> WriteConfiguration:
        """The file with *after*; where nothing of ours is left, the very file that was there before us."""
        then = lists.keys_after(state.document, state.keys, self.patch(state))
        text, mode = t.cast("t.Optional[str]", render(after, state.text)), None
        before = state.original
        if before is not None and not then and lists.is_same(parse(before.text, DAEMON_JSON, marked=True), after):
            text, mode = before.text, before.mode
        return WriteConfiguration(text, state.text, then, state.keys, effect, state.unproven, mode)

    @property
    def leave(self) -> t.FrozenSet[str]:
        """The variables that allow what hides data."""
        given = {IMAGE_STORE_LEAVE: self.allow_image_store_switch, DATA_ROOT_LEAVE: self.allow_data_root_switch}
        return frozenset(name for name, is_given in given.items() if is_given)

    def _refuse(self, state: DaemonState, after: Document, *, restarts: bool) -> None:
        """Raise for what dockerd would not start with, and for data that a restart would hide without leave."""
        found = [*store.refusals(after, state.engine), *extra_checks.refusals(after, state.engine)]
        found += snapshotters.refusals(state, after)
        found += self._hides(state, after) if restarts else ()
        if found:
            raise HostError("; ".join(found))

    def _hides(self, state: DaemonState, after: Document) -> t.Tuple[str, ...]:
        return without_leave(self.docker, state, after, self.leave)

    def more_doers(self) -> Doers:
        """What does the steps that only a part of this kind has."""
        return {}

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp

        dockerd = BringUp(self.docker, self.disruption)
        for action in actions:
            if isinstance(action.step, RestartDaemon):
                dockerd.wait(action.step.document, action.step.hides, *action.step.folders)
                left_behind.remember(action.step.left)
        doers: Doers = {
            WriteFile: lambda step: write_owned(RECORD, step),
            RemoveFile: lambda step: remove_owned(RECORD, step),
            WriteConfiguration: configuration.replace,
            RestoreRights: restore,
            RestartDaemon: lambda step: dockerd.restart(step.document, hides=step.hides),
            ReloadDaemon: lambda step: dockerd.reload(step.document),
            **self.more_doers(),
        }
        perform(actions, doers)
        if any(isinstance(action.step, (RestartDaemon, ReloadDaemon)) for action in actions):
            written = [action.step for action in actions if isinstance(action.step, WriteConfiguration)]
            configuration.settle(written[0] if written else None)
            containerd_root.remember(self.docker)


def _validate(text: t.Optional[str]) -> t.Tuple[str, ...]:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.validation import validate

    return validate(text or "{}")


def writing(step: WriteConfiguration, differences: t.Sequence[Change], effects: Effects = NO_EFFECTS) -> Action:
    """The action that writes daemon.json."""
    verb = "remove" if step.text is None else "write"
    summary = f"{verb} {DAEMON_JSON}: {'; '.join(map(str, differences))}"
    return Action(summary, step, effects, Difference(DAEMON_JSON, step.former or "", step.text or ""))
