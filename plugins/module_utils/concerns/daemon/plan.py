# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The required changes for daemon.json and the dockerd that runs with it. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import (
    configuration_file,
    data_roots,
    extra_checks,
    hosts_files,
    lists,
    store,
    tokens,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.configuration import WriteConfiguration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.decide import (
    DaemonState,
    Foreseen,
    effects_on_containers,
    implied,
    restart_reasons,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.gc import gc_keys, gc_notes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.insecure import insecure_notes
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.mirrors import (
    need_system_store,
    unusable,
    without_login,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.record import Left
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.store import (
    has_containerd_store,
    wants_containerd_store,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.vanishing import needs_leave, way_out
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption, Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.gc import Gc
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, parse, render
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import compose
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    NO_EFFECTS,
    Action,
    Difference,
    Effect,
    Effects,
    Kind,
    Plan,
    arrival,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Change, changes

_NOT_YET = "daemon.json is validated by dockerd as soon as that is installed, before it is written"


@dataclass(frozen=True)
class ReloadDaemon:
    """The step that makes dockerd reload daemon.json, which does not affect running work."""

    document: Document


@dataclass(frozen=True)
class RestartDaemon:
    """The step that restarts dockerd once running work allows it, and *folders* have space.

    *hides*: the next dockerd sees none of the current containers; *left* is data that is no longer shown. *moves*: no
    container keeps running, as data is moved.
    """

    document: Document
    hides: bool = False
    folders: t.Tuple[str, ...] = ()
    left: t.Tuple[Left, ...] = ()
    moves: bool = False


class Wanted(t.Protocol):
    """The desired state; *leave* are the variables that permit hiding data."""

    registries: t.Tuple[Registry, ...]
    proxy: Proxy
    dns: t.Tuple[str, ...]
    options: t.Mapping[str, t.Any]
    disruption: Disruption
    gc: Gc
    networks: t.Tuple[str, ...]

    @property
    def leave(self) -> t.FrozenSet[str]: ...


def planned(wanted: Wanted, state: DaemonState, effects: Effects) -> Plan:
    """The required changes, given the effects of earlier concerns. Raises HostError if they are impossible."""
    coming = arrival(effects).engine
    if coming is not None:
        files = hosts_files.files_of(wanted.registries, coming, state.files.seen)
        info = {**state.info, "ServerVersion": coming} if state.info is not None else None  # an upgrade
        state = replace(state, program=coming, files=files, info=info)
    patch = patch_of(wanted, state)
    after = merged(state, patch)
    if state.elsewhere:
        raise HostError(state.elsewhere)
    _require_docker(state, effects)
    allowed = wanted.disruption.mode != "never"
    moves = data_roots.move(state.sites) if allowed else []
    because = [*store_reasons(wanted.registries, state), *(data_roots.reasons(state.sites) if allowed else ())]
    reasons = restart_reasons(state, after, effects, because)
    refused = without_leave(state.then(after), wanted.leave)
    refuse(state, after, refused if reasons else ())
    if state.stranded is not None:
        raise state.stranded
    limits = [*_limits(wanted, state, after), *(() if reasons else refused), *extra_checks.notes(after, state.engine)]
    actions = hosts_files.actions_for(state.files)
    actions += [*data_roots.closing(state.sites), *moves]
    differences = changes(state.document, after)
    if differences:
        effect = Effect.CONFIGURATION_CHANGES if reasons else Effect.CONFIGURATION_RELOADS
        limits += (_NOT_YET,) if coming is not None else validated(state, after)
        step = written(state, patch, effect)
        actions.append(writing(step, differences, effects_on_containers(state.document, after)))
    actions += configuration_file.closing(state.loose)
    waits = tokens.notes_on(wanted.registries, state.tokens)
    if reasons and wanted.disruption.mode == "never":
        waits.append(f"docker must restart, but builder_disruption: never forbids it: {'; '.join(reasons)}")
    elif reasons:
        actions.append(restart(state, after, reasons))
    elif state.info is not None and (differences or Effect.CONFIGURATION_RELOADS in state.unseen):
        why = "; ".join(map(str, differences)) or "daemon.json changed after docker read it"
        actions.append(
            Action(f"reload docker (running containers and builds are unaffected): {why}", ReloadDaemon(after))
        )
    left = (*hosts_files.notes_on(state.files, wanted.registries), *state.left)
    notes = (*Kind.LIMIT.notes(limits), *Kind.LEFT_ALONE.notes(left), *Kind.WAITS.notes(waits))
    notes += data_roots.notes(state.sites, allowed=allowed)
    return Plan(tuple(actions), notes, {"restart": list(reasons)} if reasons else {})


def _require_docker(state: DaemonState, effects: Effects) -> None:
    """Raise HostError if data shall be elsewhere, and it is not known where it is."""
    unknown = any(each.now is None and not each.is_named for each in state.sites)
    if unknown and Effect.DAEMON_RESTARTS not in effects:
        raise HostError(
            "docker does not run, so where its data is, and whether that must be moved for builder_data_roots, is "
            "unknown: `systemctl start docker`, then retry"
        )


def _limits(wanted: Wanted, state: DaemonState, after: Document) -> t.List[str]:
    """The settings that have less effect with this dockerd."""
    containerd_store = wants_containerd_store(after)
    return [
        *unusable(wanted.registries, state.engine, containerd_store),
        *without_login(wanted.registries),
        *gc_notes(wanted.gc, state.engine),
        *insecure_notes(wanted.registries, wanted.networks, state.engine, containerd_store),
        *lists.lost_entries(state.document, after, state.keys),
        *store.notes(compose(implied(()), wanted.options), state.engine),
    ]


def patch_of(wanted: Wanted, state: DaemonState) -> Document:
    """The desired settings of daemon.json, sets as mappings; the user's options take precedence."""
    gc = gc_keys(wanted.gc, state.engine, state.document)
    found = implied(wanted.registries, wanted.proxy, wanted.dns, gc, state.engine, wanted.networks)
    found.update(data_roots.patch(state.sites, state.document, allowed=wanted.disruption.mode != "never"))
    return compose(lists.as_mappings(found), wanted.options)


def merged(state: DaemonState, patch: Document) -> Document:
    """The resulting content of daemon.json."""
    return lists.merged(state.document, state.keys, patch)


def store_reasons(registries: t.Sequence[Registry], state: DaemonState) -> t.List[str]:
    """Why dockerd needs the operating system's current authorities."""
    if state.info is None or not state.tokens.unread:
        return []
    containerd_store = has_containerd_store(state.info)
    for_tokens = tokens.restart_reason(registries, state.tokens, state.engine, containerd_store=containerd_store)
    hidden = hosts_files.hides(registries, state.files, state.tokens.unread)
    if hidden or need_system_store(registries, state.engine, state.files.theirs):
        return ["the operating system's trust store changed, which dockerd reads once"]
    return [for_tokens] if for_tokens else []


def refuse(state: DaemonState, after: Document, hidden: t.Iterable[str]) -> None:
    """Raise for settings with which dockerd would not start, and for *hidden* data without permission."""
    found = [*store.refusals(after, state.engine), *extra_checks.refusals(after, state.engine)]
    found += [*state.then(after).drivers, *hidden]
    if found:
        raise HostError("; ".join(found))


def validated(state: DaemonState, after: Document) -> t.Tuple[str, ...]:
    """Notes if dockerd cannot validate. Raises HostError if it refuses *after*."""
    found = state.then(after)
    if found.refusal is not None:
        raise found.refusal
    return found.notes


def written(state: DaemonState, patch: Document, effect: Effect) -> WriteConfiguration:
    """The step that writes the file; if nothing managed is left, the original file is restored."""
    after, then = merged(state, patch), lists.keys_after(state.document, state.keys, patch)
    text, mode = t.cast("t.Optional[str]", render(after, state.text)), None
    before = state.original
    if before is not None and not then and lists.is_same(parse(before.text, DAEMON_JSON, marked=True), after):
        text, mode = before.text, before.mode
    return WriteConfiguration(text, state.text, then, state.keys, effect, state.unproven, mode)


def writing(step: WriteConfiguration, differences: t.Sequence[Change], effects: Effects = NO_EFFECTS) -> Action:
    """The action that writes daemon.json."""
    verb = "remove" if step.text is None else "write"
    summary = f"{verb} {DAEMON_JSON}: {'; '.join(map(str, differences))}"
    return Action(summary, step, effects, Difference(DAEMON_JSON, step.former or "", step.text or ""))


def without_leave(found: Foreseen, leave: t.Collection[str]) -> t.Tuple[str, ...]:
    """Why a document is refused: what it hides without permission by a variable of *leave*."""
    return tuple(needs_leave(each, hidden) for each, hidden in found.hidden if hidden and each.leave not in leave)


def restart(state: DaemonState, after: Document, reasons: t.Sequence[str]) -> Action:
    """The action, with everything that it ends and hides in its summary."""
    found, left = state.then(after), []
    summary = f"restart docker: {'; '.join(reasons)}"
    for each, hidden in found.hidden:
        summary += f" (hidden: {way_out(each, hidden)})" if hidden else ""
        if hidden and each.moves_root and state.running is not None:
            left.append(Left(state.running.root, hidden.things, each.keep))
    summary += f" (running now: {found.work})" if found.work else ""
    effects = {Effect.DAEMON_RESTARTS, *effects_on_containers(state.document, after)}
    effects |= {Effect.CONTAINERS_VANISH} if found.hides_containers else set()
    folders = tuple(each.place for each, _hidden in found.hidden if each.place)
    step = RestartDaemon(after, found.hides_containers, folders, tuple(left), bool(data_roots.moving(state.sites)))
    return Action(summary, step, frozenset(effects))
