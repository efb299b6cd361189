# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd does with keys and connections, from `sshd -T`, and what that means for docker's connections. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.exchange import AUTHORIZED

DROP_IN = "/etc/ssh/sshd_config.d/00-multiarch-builders.conf"
MAIN = "/etc/ssh/sshd_config"
AT_ONCE = 6
"""Connections that one user's buildx opens at the same time, as the check of a new node does."""
_INCLUDE = re.compile(r'(?im)^[ \t]*include[ \t]+(?:\S+[ \t]+)*"?(?:\S*/)?sshd_config\.d/\*')

Settings = t.Mapping[str, str]
"""What `sshd -T` shows: values by name in lower case."""


@dataclass(frozen=True)
class Limits:
    """*start* unauthenticated connections are never dropped (MaxStartups), *sessions* are for one connection."""

    start: int
    sessions: int


def parsed(shown: str) -> Settings:
    """The output of `sshd -T`; of a name that is there several times the first."""
    found: t.Dict[str, str] = {}
    for line in shown.splitlines():
        name, _space, value = line.strip().partition(" ")
        found.setdefault(name.lower(), value.strip())
    return found


def limits_of(settings: Settings) -> t.Optional[Limits]:
    """None if they are unknown."""
    start = re.match(r"[0-9]+", settings.get("maxstartups", ""))
    sessions = re.match(r"[0-9]+", settings.get("maxsessions", ""))
    return Limits(int(start[0]), int(sessions[0])) if start and sessions else None


def needed(clients: int) -> Limits:
    """What *clients*, users of schedulers, need: all of them may begin at the same time."""
    return Limits(AT_ONCE * clients, AT_ONCE)


def too_small(found: t.Optional[Limits], clients: int) -> t.List[str]:
    """The limits that are too small for so many users of schedulers, with what is needed; empty if unknown."""
    if found is None or not clients:
        return []
    need = needed(clients)
    told = [f"MaxStartups is {found.start}, and {need.start} is needed"] if found.start < need.start else []
    if found.sessions < need.sessions:
        told.append(f"MaxSessions is {found.sessions}, and {need.sessions} is needed")
    return told


def drop_in(found: Limits, clients: int) -> str:
    """The file that raises them; what is large enough stays as it is."""
    need = needed(clients)
    start, sessions = max(found.start, need.start), max(found.sessions, need.sessions)
    return (
        "# For docker's connections from schedulers (multiarch.builders); the first value counts: sshd_config(5)\n"
        f"MaxStartups {start}:30:{max(100, 10 * start)}\nMaxSessions {sessions}\n"
    )


def includes_drop_ins(text: str) -> bool:
    """Whether the main file reads the folder of drop-ins."""
    return _INCLUDE.search(text) is not None


def objections(settings: Settings, login: str, home: str) -> t.List[str]:
    """Why sshd does not accept lines of ours in ~/.ssh/authorized_keys of *login*, with the remedy."""
    found = []
    files = settings.get("authorizedkeysfile")
    places = {AUTHORIZED, f"%h/{AUTHORIZED}", f"{home}/{AUTHORIZED}"}
    if files is not None and not places & {each.replace("%u", login) for each in files.split()}:
        command = settings.get("authorizedkeyscommand", "none")
        also = f", and asks {command}" if command not in ("none", "") else ""
        found.append(
            f"sshd reads the keys of {login} from {files}{also}, not from ~/{AUTHORIZED}: add the line there, or set"
            f" AuthorizedKeysFile for {login} in a Match block of sshd_config"
        )
    if settings.get("pubkeyauthentication") == "no":
        found.append(f"sshd accepts no keys from {login} (PubkeyAuthentication no): allow them in a Match block")
    if settings.get("forcecommand", "none") not in ("none", ""):
        command = settings["forcecommand"]
        found.append(
            f"sshd starts {command!r} for {login}, whatever a key allows (ForceCommand): except {login} from it"
        )
    if login == "root" and settings.get("permitrootlogin") == "no":
        found.append("sshd lets nobody log in as root (PermitRootLogin no): set `user` of the node to another user")
    return found
