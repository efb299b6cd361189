# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host's users reach other Dockers, and who reaches that of the host, as a report shows it: frozen data."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """A docker context of *user*, of `builder_contexts` or made for it, and the *host* that it leads to.

    *managed* tells whether it was made here; another one of that name is somebody else's.
    """

    user: str
    name: str
    host: str | None
    managed: bool


@dataclass(frozen=True)
class SshClient:
    """A *user* of the host *scheduler* whose ssh key is authorised here for *login*, for docker's connections alone."""

    scheduler: str
    user: str
    login: str


def contexts_of(facts: Mapping[str, t.Any]) -> tuple[Context, ...]:
    """The facts of concern `contexts`."""
    return tuple(Context(**each) for each in facts.get("contexts", ()))


def ssh_clients_of(facts: Mapping[str, t.Any]) -> tuple[SshClient, ...]:
    """The facts of concern `ssh`."""
    return tuple(SshClient(*each) for each in facts.get("clients", ()))
