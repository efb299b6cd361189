# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd runs in its desired state: daemon.json merged, a restart only if required, with rollback on failure."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration,
    configuration_file,
    containerd_root,
    data_roots,
    data_sites,
    hiding,
    hosts_files,
    left_behind,
    snapshotters,
    tokens,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.data_roots import (
    MoveData,
    NameRoot,
    RemoveFormer,
    SettleMove,
    moving,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    Foreseen,
    key_of,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.plan import (
    ReloadDaemon,
    RestartDaemon,
    merged,
    patch_of,
    planned,
    store_reasons,
    written,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.reload import needs_restart
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import vanishing
from ansible_collections.multiarch.builders.plugins.module_utils.docker import containerd, service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import at_restart
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
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, parse
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Doers,
    Effect,
    Effects,
    Plan,
    perform,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.registry.asking import challenges
from ansible_collections.multiarch.builders.plugins.module_utils.state import (
    authorities,
    data_moves,
    restart_due,
    rollback,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import remove_owned, write_owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import changes

if t.TYPE_CHECKING:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import Mover
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp


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
    data_roots: t.Mapping[str, str] = field(default_factory=dict)
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
            data_roots={name: each for name, each in params["data_roots"].items() if each},
            pulls=params["docker_pulls"],
            networks=networks_of(params),
        )

    def patch(self, state: DaemonState) -> Document:
        """The desired settings of daemon.json, sets as mappings; the user's options take precedence."""
        return patch_of(self, state)

    def observe(self) -> DaemonState:
        text = read(DAEMON_JSON)
        info = self.docker.get("/info") if self.docker.answers() else None
        program = service.installed_version() if info is None else None
        document = parse(text, DAEMON_JSON, marked=True)
        found = containerd.of_dockerd(info, document) if info is not None else None
        state = DaemonState(
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
            stranded=containerd_root.stranded(info, found, self.docker) if info is not None else None,
        )
        sites = data_sites.observe(self.data_roots, state, self.docker)
        left = (*state.left, *data_sites.unfinished(self.data_roots))
        return self.foresee(replace(state, sites=sites, left=left))

    def _tokens(self) -> tokens.Tokens:
        """Registries are only queried if a CA of the table exists that dockerd has not read."""
        cas = tokens.authorities_of(self.registries)
        if not cas:
            return tokens.NO_TOKENS
        system = system_store()
        unread = authorities.unread(filter(system.takes, cas), bundle_of(system))
        if not unread or not self.pulls:
            return tokens.Tokens(unread)
        found, silent = challenges([each for each in self.registries if not each.is_optional], self.proxy)
        return tokens.Tokens(unread, {host: each.token_host for host, each in found.items()}, silent)

    def foresee(self, state: DaemonState) -> DaemonState:
        """*state*, with the observations for the desired document of daemon.json."""
        return self._with(state, [self.patch(state)])

    def _with(self, state: DaemonState, patches: t.Iterable[Document]) -> DaemonState:
        new = {key_of(merged(state, each)): self._foreseen(state, each) for each in patches}
        return replace(state, foreseen={**state.foreseen, **new})

    def _foreseen(self, state: DaemonState, patch: Document) -> Foreseen:
        after = merged(state, patch)
        hidings = hiding.hidings(state.running, after) if state.running is not None else ()
        moves = {each.wanted for each in moving(state.sites) if each.name == "docker"}
        hidings = tuple(each for each in hidings if not (each.moves_root and each.place in moves))
        hidden = tuple((each, vanishing(self.docker, state.info or {}, each)) for each in hidings)
        cold = needs_restart(state.document, after, state.info)
        off, later = _not_forwarded(after, state.engine)
        found = Foreseen(cold, hidden, (*snapshotters.refusals(state, after), *off))
        because = [*store_reasons(self.registries, state), *data_roots.reasons(state.sites)]
        reasons = restart_reasons(state, after, NO_EFFECTS, because)
        if reasons and state.info is not None and self.disruption.mode != "never":
            keeps = after.get("live-restore") is True and not (found.hides_containers or moving(state.sites))
            found = replace(found, work=str(at_restart(self.docker, keeps=keeps)))
        if not changes(state.document, after):
            return found
        try:
            told = _validate(written(state, patch, Effect.CONFIGURATION_CHANGES).text)
            return replace(found, notes=(*told, *later))
        except HostError as exc:
            return replace(found, refusal=exc)

    def plan(self, state: DaemonState, effects: Effects) -> Plan:
        return planned(self, state, effects)

    @property
    def leave(self) -> t.FrozenSet[str]:
        """The variables that permit hiding data."""
        given = {
            hiding.IMAGE_STORE_LEAVE: self.allow_image_store_switch,
            hiding.DATA_ROOT_LEAVE: self.allow_data_root_switch,
        }
        return frozenset(name for name, is_given in given.items() if is_given)

    def more_doers(self) -> Doers:
        """The handlers of the steps that only a part of this kind has."""
        return {}

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart import BringUp

        dockerd = BringUp(self.docker, self.disruption)
        steps = [action.step for action in actions]
        mover = self._mover(dockerd, steps)
        if mover is not None:
            mover.prepare()
        for step in steps:
            if isinstance(step, RestartDaemon):
                dockerd.wait(step.document, step.hides or step.moves, *step.folders)
                left_behind.remember(step.left)
        doers: Doers = {
            WriteFile: lambda step: write_owned(RECORD, step),
            RemoveFile: lambda step: remove_owned(RECORD, step),
            WriteConfiguration: configuration.replace,
            RestoreRights: restore,
            RestartDaemon: lambda step: dockerd.restart(step.document, hides=step.hides),
            ReloadDaemon: lambda step: dockerd.reload(step.document),
            RemoveFormer: self._remove_former,
            SettleMove: self._settle_move,
            NameRoot: self._name_root,
            **({MoveData: lambda _step: mover.move()} if mover is not None else {}),
            **self.more_doers(),
        }
        with mover.undoing() if mover is not None else contextlib.nullcontext():
            perform(actions, doers)
        if any(isinstance(step, (RestartDaemon, ReloadDaemon)) for step in steps):
            written = [step for step in steps if isinstance(step, WriteConfiguration)]
            configuration.settle(written[0] if written else None)
            containerd_root.remember(self.docker)
        if mover is not None:
            mover.finish()

    def _mover(self, dockerd: BringUp, steps: t.Sequence[object]) -> t.Optional[Mover]:
        sites = [site for step in steps if isinstance(step, MoveData) for site in step.sites]
        if not sites:
            return None
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import Mover

        hides = any(isinstance(step, RestartDaemon) and step.hides for step in steps)
        return Mover(dockerd, sites, hides=hides)

    def _name_root(self, step: NameRoot) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import name_root

        name_root(step.site)

    def _remove_former(self, step: RemoveFormer) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.moving import remove_former

        self._settle_move(SettleMove(step.name))
        remove_former(step.name, step.folder)

    def _settle_move(self, step: SettleMove) -> None:
        configuration.settle(None)  # docker runs with its data there: the way back would lead to nothing
        containerd_root.remember(self.docker)
        data_moves.note_run(step.name)


def _not_forwarded(after: Document, engine: t.Optional[str]) -> t.Tuple[t.Tuple[str, ...], t.Tuple[str, ...]]:
    """(why dockerd would not start, what would keep it from that after a reboot) with nftables."""
    if after.get("firewall-backend") != "nftables":
        return (), ()
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import forwarding

    return forwarding.refusals(after, engine), forwarding.notes(after)


def _validate(text: t.Optional[str]) -> t.Tuple[str, ...]:
    from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.validation import validate

    return validate(text or "{}")
