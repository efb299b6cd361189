# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of ssh by which docker's connections to nodes use our keys: what is in their files. Pure.

docker starts `ssh -l LOGIN -o ConnectTimeout=30 -T -- HOST 'docker system dial-stdio'` (docker/cli, cli/connhelper),
so that only ssh's own files can say more. Endpoints name a node with a name of ours (model/ssh.py): connections that
users make themselves to the same machine, by its address, are theirs alone.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.ssh_record import KnownNode
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import SUFFIX

KEY = ".ssh/multiarch-builders"
"""The private key of a user, below the home."""
FORMER = f"{KEY}.old"
"""The key before it, until each node has the new one."""
CONFIG = "/etc/ssh/ssh_config.d/10-multiarch-builders.conf"
KNOWN_HOSTS = "/etc/ssh/multiarch-builders.known_hosts"

_HEAD = "# Nodes of this host's builders (multiarch.builders): each run writes it anew.\n"
# ssh_config(5). The first value counts, and a user's own file is read first: `overridden` tells.
_EACH = f"""\
Host *{SUFFIX}
    IdentityFile ~/{KEY}
    IdentityFile ~/{FORMER}
    IdentitiesOnly yes
    IdentityAgent none
    PreferredAuthentications publickey
    BatchMode yes
    GlobalKnownHostsFile /dev/null
    UserKnownHostsFile {KNOWN_HOSTS}
    StrictHostKeyChecking yes
    UpdateHostKeys no
    CheckHostIP no
    ForwardAgent no
    ForwardX11 no
    ClearAllForwardings yes
    PermitLocalCommand no
    LogLevel ERROR
"""
# What `ssh -G` tells, in lower case, and what it must be for host keys to be compared.
_CHECKED = {"stricthostkeychecking": ("true", "yes"), "userknownhostsfile": (KNOWN_HOSTS,)}

Nodes = t.Mapping[str, KnownNode]


def config(nodes: Nodes) -> str:
    """The file in ssh_config.d for *nodes* by their names for ssh."""
    return "\n".join((_HEAD, *(_host(alias, node) for alias, node in sorted(nodes.items())), _EACH))


def _host(alias: str, node: KnownNode) -> str:
    address = node.address.replace("%", "%%")  # else the zone of an IPv6 address would be a token
    return f"Host {alias}\n    HostName {address}\n    Port {node.port}\n    HostKeyAlias {alias}\n"


def known_hosts(nodes: Nodes) -> str:
    """The host keys of *nodes*."""
    return _HEAD + "".join(f"{alias} {key}\n" for alias, node in sorted(nodes.items()) for key in node.keys)


def overridden(shown: str, node: KnownNode, user: str) -> t.Tuple[str, ...]:
    """Why *user*'s ssh does not do what is asked for, from what `ssh -G` shows for the node; empty if it does."""
    found: t.Dict[str, str] = {}
    for line in shown.splitlines():
        name, _space, value = line.partition(" ")
        found.setdefault(name.lower(), value.strip())
    if found.get("hostname", "").lower() != node.address.lower():
        return (
            f"ssh of {user} does not read {CONFIG}: add `Include /etc/ssh/ssh_config.d/*.conf` at the beginning of"
            " /etc/ssh/ssh_config, or remove what sets HostName for every host in the user's own file",
        )
    return tuple(
        f"ssh of {user} has {name} {found.get(name)} for every host, in ~{user}/.ssh/config or another file that is"
        f" read before {CONFIG}, so that host keys of nodes are not compared: restrict it to hosts by name"
        for name, wanted in _CHECKED.items()
        if found.get(name) not in wanted
    )


def is_public(text: str) -> bool:
    """Whether it is one line as ssh-keygen prints a public key."""
    return re.fullmatch(r"ssh-ed25519 [A-Za-z0-9+/]+={0,3}", text) is not None
