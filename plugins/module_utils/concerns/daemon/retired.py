# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json without what is ours: validated, restarted and put back on failure as when it is asked for."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration,
    hosts_files,
    lists,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    NO_PROXY,
    DaemonState,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import Hiding
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.ours import Keys
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import (
    Daemon,
    ReloadDaemon,
    writing,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.restart_plan import (
    RestartDaemon,
    hidden_by,
    restart,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.validation import validate
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import (
    Vanishing,
    needs_leave,
    vanishing,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, disruption_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import compose
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Doers,
    Effect,
    Effects,
    Kind,
    Note,
    Plan,
    departing,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import (
    forget_owned,
    is_as_written,
    was_theirs,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import at, changes


@dataclass(frozen=True)
class ForgetKeys:
    """The step that forgets what is ours in daemon.json: nothing of it is there any more."""


@dataclass(frozen=True)
class ForgetHostsFile:
    """The step that leaves a hosts.toml of ours to who changed it since."""

    path: str


@dataclass
class RetiredDaemon(Daemon):
    """Nothing is asked any more."""

    _going: Effects = field(default=NO_EFFECTS, init=False)
    _kept: t.Tuple[t.Tuple[Hiding, Vanishing], ...] = field(default=(), init=False)

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredDaemon:
        leave = params["allow_image_store_switch"], params["allow_data_root_switch"]
        return cls((), NO_PROXY, (), {}, disruption_of(params), leave[0], docker, allow_data_root_switch=leave[1])

    def patch(self, state: DaemonState) -> Document:
        """Nothing, or the keys without which data of others would be hidden, as they are."""
        kept: Document = {}
        for hiding, _hidden in self._kept:
            value = at(state.document, hiding.path)
            for name in reversed(hiding.path):
                value = {name: value}
            kept = compose(kept, value)
        return kept

    def observe(self) -> DaemonState:
        return replace(super().observe(), files=hosts_files.observe((), "0"), other_file=None)

    def _hidden(self, state: DaemonState, after: Document) -> t.Tuple[t.Tuple[Hiding, Vanishing], ...]:
        """What Docker would not show any more with *after*, unless that is allowed, or goes anyway."""
        found = [each for each in hidden_by(state, after) if each.leave not in self.leave]
        going = [departing(self._going, each) for each in ("image", "container", "volume")]
        left = [(each, vanishing(self.docker, state.info or {}, each).without(*going)) for each in found]
        return tuple((each, hidden) for each, hidden in left if hidden)

    def _hides(self, state: DaemonState, after: Document) -> t.Tuple[str, ...]:
        """What our keys do not keep from that: the unit was changed."""
        return tuple(needs_leave(*each) for each in self._hidden(state, after))

    def plan(self, state: DaemonState, effects: Effects) -> Plan:
        self._going = effects
        self._kept = self._hidden(state, lists.merged(state.document, state.keys, {}))
        files, stays = self._files(state), self._stays()
        after = self._after(state)
        differences = changes(state.document, after)
        if not differences:
            forget = [Action("forget the keys of daemon.json, of which none is ours any more", ForgetKeys())]
            return Plan((*files, *(forget if state.keys and not stays else ())), stays)
        if state.info is None and state.program is not None:
            raise HostError(
                "docker does not run, so nothing can be taken out of daemon.json: `systemctl start docker`, then again"
            )
        reasons = restart_reasons(state, after, effects, ()) if state.info is not None else ()
        self._refuse(state, after, restarts=bool(reasons))
        if reasons and self.disruption.mode == "never":
            told = "; ".join(map(str, differences))
            waits = f"pending, as builder_disruption is never: {told}; docker must restart"
            return Plan(tuple(files), (*stays, Note(Kind.WAITS, waits)))
        step = self._write(state, after, Effect.CONFIGURATION_CHANGES if reasons else Effect.CONFIGURATION_RELOADS)
        actions = [*files, writing(step, differences)]
        if reasons:
            actions.append(restart(self.docker, self.disruption, state, after, reasons))
        elif state.info is not None:
            actions.append(Action("reload docker (running containers and builds are unaffected)", ReloadDaemon(after)))
        notes = validate(step.text or "{}") if state.info is not None else ()
        return Plan(tuple(actions), (*stays, *Kind.LIMIT.notes(notes)))

    def _stays(self) -> t.Tuple[Note, ...]:
        stays = (
            f"{'.'.join(hiding.path)} stays in daemon.json, as Docker would no longer show {hidden} (what is hidden "
            f"stays on disk): -e {hiding.leave}=true takes it out"
            for hiding, hidden in self._kept
        )
        return Kind.WAITS.notes(stays)

    def _files(self, state: DaemonState) -> t.List[Action]:
        found = []
        for each in state.files.remove:
            if is_as_written(RECORD, each.path):
                back = was_theirs(RECORD, each.path)
                found.append(
                    Action(f"restore {each.path} to its previous content" if back else f"remove {each.path}", each)
                )
            else:
                told = f"forget {each.path}: somebody changed it since, and it stays"
                found.append(Action(told, ForgetHostsFile(each.path)))
        return found

    def more_doers(self) -> Doers:
        return {
            ForgetHostsFile: lambda step: forget_owned(RECORD, step.path),
            ForgetKeys: lambda _step: configuration.own(Keys({})),
        }

    def apply(self, actions: t.Sequence[Action]) -> None:
        super().apply(actions)
        steps = [action.step for action in actions]
        if not any(isinstance(step, (RestartDaemon, ReloadDaemon)) for step in steps):
            for step in steps:
                if isinstance(step, WriteConfiguration):
                    configuration.settle(step)  # there is no dockerd any more
