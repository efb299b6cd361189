# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is a node of other hosts' builders: whom its sshd lets in for docker's connections, and how many.

Few hosts are, so the rest is imported on those alone.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.concern import Concern
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import RECORD, Client
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.state import SshState, SshWanted
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action, Effects, Plan
from ansible_collections.multiarch.builders.plugins.module_utils.model.ssh import public_key

_NOTHING = SshState()


@dataclass
class Ssh(Concern[SshState]):
    """Whom this host lets in."""

    wanted: SshWanted = field(default_factory=SshWanted)
    concern: t.ClassVar[str] = "ssh"

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> Ssh:  # noqa: ARG003  # sshd alone matters
        given = params["ssh_options"]
        clients = tuple(
            Client(row["scheduler"], row["user"], row["login"], public_key(row.get("key") or ""))
            for row in given.get("clients") or ()
        )
        return cls(SshWanted(clients, frozenset(given.get("settled") or ()), bool(given.get("sshd_limits"))))

    def observe(self) -> SshState:
        known = RECORD.read()
        if not known.clients and not known.files and not self.wanted.clients:
            return _NOTHING
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import observing

        return observing.observe(self.wanted, known)

    def plan(self, state: SshState, effects: Effects) -> Plan:  # noqa: ARG002  # nothing depends on it
        if state == _NOTHING:
            return Plan()
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import plan

        return plan.planned(self.wanted, state)

    def apply(self, actions: t.Sequence[Action]) -> None:
        from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import applying

        applying.apply(actions)


class RetiredSsh(Ssh):
    """The same with nobody to let in."""

    @classmethod
    def from_params(cls, params: Params, docker: Docker) -> RetiredSsh:  # noqa: ARG003  # all is recorded
        return cls(SshWanted(retired=True))
