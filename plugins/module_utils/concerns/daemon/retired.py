# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json without managed keys: validated, restarted and rolled back on failure like any other change."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from itertools import combinations

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration,
    data_sites,
    hosts_files,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    NO_PROXY,
    DaemonState,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.hiding import Hiding
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.plan import (
    ReloadDaemon,
    RestartDaemon,
    merged,
    refuse,
    restart,
    validated,
    writing,
    written,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.resource import Daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import (
    Vanishing,
    needs_leave,
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
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import forget_owned, is_as_written
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import at, changes


@dataclass(frozen=True)
class ForgetKeys:
    """The step that forgets the managed keys of daemon.json: none of them is left."""


@dataclass(frozen=True)
class ForgetHostsFile:
    """The step that releases a managed hosts.toml that someone else changed."""

    path: str


@dataclass
class RetiredDaemon(Daemon):
    """The empty desired state."""

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredDaemon:
        leave = params["allow_image_store_switch"], params["allow_data_root_switch"]
        return cls((), NO_PROXY, (), {}, disruption_of(params), leave[0], docker, allow_data_root_switch=leave[1])

    def patch(self, state: DaemonState) -> Document:  # noqa: ARG002  # whatever is there
        return {}

    def observe(self) -> DaemonState:
        known = RECORD.read()
        changed = frozenset(each for each in known.files if not is_as_written(RECORD, each))
        files = replace(hosts_files.observe((), "0"), changed=changed, former=frozenset(known.former))
        return replace(super().observe(), files=files, left=data_sites.left())

    def foresee(self, state: DaemonState) -> DaemonState:
        """Some keys may have to stay; which ones is only known once the earlier concerns' removals are."""
        state = super().foresee(replace(state, other_file=None))
        found = [each for each, _hidden in self._hidden(state, {}, NO_EFFECTS)]
        kept = [each for number in range(1, len(found) + 1) for each in combinations(found, number)]
        return self._with(state, [_keeping(state, each) for each in kept])

    def _hidden(
        self, state: DaemonState, patch: Document, effects: Effects
    ) -> t.Tuple[t.Tuple[Hiding, Vanishing], ...]:
        """What Docker would no longer show with *patch*, unless that is allowed, or *effects* remove it anyway."""
        going = [departing(effects, each) for each in ("image", "container", "volume")]
        found = [(each, hidden.without(*going)) for each, hidden in state.then(merged(state, patch)).hidden]
        return tuple((each, hidden) for each, hidden in found if hidden and each.leave not in self.leave)

    def plan(self, state: DaemonState, effects: Effects) -> Plan:
        kept = self._hidden(state, {}, effects)
        files, stays = _files(state), (*_stays(kept), *Kind.LEFT_ALONE.notes(state.left))
        patch = _keeping(state, [each for each, _hidden in kept])
        after = merged(state, patch)
        differences = changes(state.document, after)
        if not differences:
            forget = [Action("drop the keys of daemon.json from the record: none is managed any more", ForgetKeys())]
            return Plan((*files, *(forget if state.keys and not kept else ())), stays)
        if state.info is None and state.program is not None:
            raise HostError(
                "docker does not run, so nothing can be removed from daemon.json: `systemctl start docker`, then retry"
            )
        reasons = restart_reasons(state, after, effects, ()) if state.info is not None else ()
        # our keys do not prevent this hiding: the unit was changed
        hidden = [needs_leave(*each) for each in self._hidden(state, patch, effects)]
        refuse(state, after, hidden if reasons else ())
        if reasons and self.disruption.mode == "never":
            told = "; ".join(map(str, differences))
            waits = f"pending, as builder_disruption is never: {told}; docker must restart"
            return Plan(tuple(files), (*stays, Note(Kind.WAITS, waits)))
        effect = Effect.CONFIGURATION_CHANGES if reasons else Effect.CONFIGURATION_RELOADS
        actions = [*files, writing(written(state, patch, effect), differences)]
        if reasons:
            actions.append(restart(state, after, reasons))
        elif state.info is not None:
            actions.append(Action("reload docker (running containers and builds are unaffected)", ReloadDaemon(after)))
        notes = validated(state, after) if state.info is not None else ()
        return Plan(tuple(actions), (*stays, *Kind.LIMIT.notes(notes)))

    def more_doers(self) -> Doers:
        return {
            ForgetHostsFile: lambda step: forget_owned(RECORD, step.path),
            ForgetKeys: lambda _step: configuration.forget(),
        }

    def apply(self, actions: t.Sequence[Action]) -> None:
        super().apply(actions)
        steps = [action.step for action in actions]
        if not any(isinstance(step, (RestartDaemon, ReloadDaemon)) for step in steps):
            for step in steps:
                if isinstance(step, WriteConfiguration):
                    configuration.settle(step)  # dockerd was removed


def _keeping(state: DaemonState, kept: t.Iterable[Hiding]) -> Document:
    """The keys that must stay, as data of others would be hidden without them."""
    found: Document = {}
    for hiding in kept:
        value = at(state.document, hiding.path)
        for name in reversed(hiding.path):
            value = {name: value}
        found = compose(found, value)
    return found


def _stays(kept: t.Iterable[t.Tuple[Hiding, Vanishing]]) -> t.Tuple[Note, ...]:
    return Kind.WAITS.notes(
        f"{'.'.join(hiding.path)} stays in daemon.json, as Docker would no longer show {hidden} (what is hidden "
        f"stays on disk): -e {hiding.leave}=true removes it"
        for hiding, hidden in kept
    )


def _files(state: DaemonState) -> t.List[Action]:
    found = []
    for each in state.files.remove:
        if each.path in state.files.changed:
            told = f"drop {each.path} from the record: it was changed by someone else, and is kept"
            found.append(Action(told, ForgetHostsFile(each.path)))
        else:
            back = each.path in state.files.former
            found.append(
                Action(f"restore {each.path} to its previous content" if back else f"remove {each.path}", each)
            )
    return found
