# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done for docker's connections from other hosts. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import authorised, sshd
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.exchange import AUTHORIZED
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import Client
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.state import Login, SshState, SshWanted
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import (
    Action,
    Difference,
    Kind,
    Plan,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


@dataclass(frozen=True)
class SetLines:
    """The step that gives *login* exactly these *clients*."""

    login: str
    clients: t.Tuple[Client, ...]


@dataclass(frozen=True)
class ForgetLogin:
    """The step that drops a *login* that does not exist any more from the record."""

    login: str


@dataclass(frozen=True)
class SetLimits:
    """The step that writes sshd's drop-in, checks it, and reloads sshd."""

    file: WriteFile


@dataclass(frozen=True)
class DropLimits:
    """The step that removes the drop-in, and reloads sshd."""

    file: RemoveFile


@dataclass(frozen=True)
class ReloadSshd:
    """The step that has sshd read its settings; sessions stay."""


def clients_of(wanted: SshWanted, known: t.Iterable[Client]) -> t.Tuple[Client, ...]:
    """The clients to be authorised, all with a key."""
    if wanted.retired:
        return ()
    given = {each.who: each for each in wanted.clients}
    kept = {each.who: each for each in known if each.who in given or each.scheduler not in wanted.settled}
    kept.update({who: each for who, each in given.items() if each.key})
    return tuple(kept[who] for who in sorted(kept))


def unsure(wanted: SshWanted, known: t.Iterable[Client]) -> t.List[str]:
    """The schedulers with recorded clients of which nothing was said: the controller finds out."""
    return [] if wanted.retired else sorted({each.scheduler for each in known} - wanted.settled)


def planned(wanted: SshWanted, state: SshState) -> Plan:
    """The plan. Raises HostError for a login that does not exist."""
    clients = clients_of(wanted, state.clients)
    actions: t.List[Action] = []
    limits: t.List[str] = []
    for login, found in sorted(state.logins.items()):
        those = tuple(each for each in clients if each.login == login)
        known = tuple(each for each in state.clients if each.login == login)
        if found.home is None:
            actions += _unknown(login, those, known, wanted)
            continue
        if not wanted.retired:
            objections = sshd.objections(found.settings, login, found.home)
            limits += [_with_lines(each, those) for each in objections]
        actions += _lines(login, found, those, known)
    users = len({(each.scheduler, each.user) for each in (*wanted.clients, *clients)})
    of_limits, told = _limits(wanted, state, users)
    notes = Kind.LIMIT.notes(dict.fromkeys((*limits, *told)))
    open_questions = unsure(wanted, state.clients)
    facts = {"clients": [list(each.who) for each in clients], "unsure": open_questions}
    return Plan((*actions, *of_limits), notes, {name: value for name, value in facts.items() if value})


def _with_lines(objection: str, clients: t.Sequence[Client]) -> str:
    lines = "; ".join(authorised.line_of(each) for each in clients)
    return f"{objection}; what is asked for: {lines}" if lines and "add the line" in objection else objection


def _unknown(login: str, those: t.Sequence[Client], known: t.Sequence[Client], wanted: SshWanted) -> t.Iterator[Action]:
    asked = [each for each in wanted.clients if each.login == login]
    if asked:
        raise HostError(
            f"{asked[0].scheduler} logs in as {login!r}, who is not a user of this host, or has no home",
            remedy="Create the user, or set `user` of that node in builder_instances",
        )
    if known or those:
        yield Action(f"forget who logged in as {login}, who is no user of this host any more", ForgetLogin(login))


def _lines(login: str, found: Login, those: t.Tuple[Client, ...], known: t.Tuple[Client, ...]) -> t.Iterator[Action]:
    """The action that changes a user's lines, if any."""
    text = found.text or ""
    after = authorised.with_lines(text, known, those)
    if after == text and those == known:
        return
    shown = (*known, *those)
    difference = Difference(f"~{login}/{AUTHORIZED}", authorised.ours(text, shown), authorised.ours(after, shown))
    yield Action(_words(login, those, known), SetLines(login, those), difference=difference)


def _words(login: str, those: t.Sequence[Client], known: t.Sequence[Client]) -> str:
    former = {each.who: each.key for each in known}
    new = [_name(each) for each in those if each.who not in former]
    other = [_name(each) for each in those if former.get(each.who, each.key) != each.key]
    gone = [_name(each) for each in known if each.who not in {one.who for one in those}]
    told = [f"authorise {', '.join(new)}, for docker's connections alone (root-equivalent on this host)"] if new else []
    told += [f"replace the key of {', '.join(other)}"] if other else []
    told += [f"no longer authorise {', '.join(gone)}"] if gone else []
    return f"{'; '.join(told or ['restore our lines'])}: ~{login}/{AUTHORIZED}"


def _name(client: Client) -> str:
    return f"{client.user} of {client.scheduler}"


def _limits(wanted: SshWanted, state: SshState, users: int) -> t.Tuple[t.List[Action], t.List[str]]:
    """(actions, notes) for sshd's limits; *users* of schedulers log in here."""
    remove = RemoveFile(sshd.DROP_IN)
    if state.ours and (wanted.retired or not wanted.limits or not users):
        return [Action(f"remove {sshd.DROP_IN}, no longer asked for, and reload sshd", DropLimits(remove))], []
    settings = next((each.settings for each in state.logins.values() if each.settings), {})
    found = sshd.limits_of(settings)
    small = [] if wanted.retired else sshd.too_small(found, users)
    again = [Action("reload sshd, which has not read its settings yet", ReloadSshd())] if state.unread else []
    if not small or found is None:
        return again, []
    why = f"{' and '.join(small)} for {users} user{'s' if users > 1 else ''} of schedulers"
    if not wanted.limits:
        return again, [f"sshd may drop connections: {why}; builder_ssh_options.sshd_limits raises them, on this host"]
    if not sshd.includes_drop_ins(state.main):
        return again, [f"sshd's limits stay: {why}, but {sshd.MAIN} has no `Include /etc/ssh/sshd_config.d/*.conf`"]
    text = sshd.drop_in(found, users)
    if state.drop_in == text:  # something before it in sshd's files has the smaller value
        return again, [f"sshd's limits stay: {why}, as {sshd.MAIN} or another file sets them before {sshd.DROP_IN}"]
    difference = Difference(sshd.DROP_IN, state.drop_in or "", text)
    words = f"raise sshd's limits in {sshd.DROP_IN}, and reload sshd: {why}"
    return [Action(words, SetLimits(WriteFile(sshd.DROP_IN, text)), difference=difference)], []
