# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How commands of the suite get to a host: by ssh as Ansible would connect, here, or through Ansible itself.

testinfra has these ways, too, but reads the inventory in its own way: of ssh it knows a part of the options, for it
`ansible_become: 'no'` is true, and it waits for a command for ever.
"""

from __future__ import annotations

import base64
import shlex
import subprocess
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh
from ansible_collections.multiarch.builders.verification.looking import CheckFailedError
from testinfra.backend.ansible import AnsibleBackend
from testinfra.backend.base import BaseBackend, CommandResult

SECONDS = 120
"""After which a command is ended: far more than any takes, also on a busy host."""
_LATE = 60  # and so long after that, it is clear that the connection hangs
_ENDED, _KILLED = 124, 137  # by timeout(1)
_LOST = 255  # of ssh
# Where nothing else is asked for: one connection for all commands.
_SHARED = "-o ControlMaster=auto -o ControlPersist=30s -o ControlPath={folder}/%C"


class LostError(CheckFailedError):
    """There is no connection; *said* is what ssh or Ansible said."""

    def __init__(self, host: str, said: str, what: str = "the connection to the host was lost") -> None:
        self.said = said
        remedy = f"Check that it runs and that ssh works: `ansible -i INVENTORY {host} -m ping`"
        super().__init__(f"{what}: {of_ssh(said)}", said, remedy=remedy)


def bounded(line: str) -> list[str]:
    """A shell line as a command that ends in time, and its processes with it."""
    return ["timeout", "--kill-after=10", str(SECONDS), "/bin/sh", "-c", line]


def require_ended(done: CommandResult, line: str) -> CommandResult:
    """*done* if it ended by itself. Raises CheckFailedError."""
    if done.rc not in (_ENDED, _KILLED):
        return done
    raise CheckFailedError(
        f"`{line}` did not end within {SECONDS} seconds",
        *filter(None, (done.stdout, done.stderr)),
        remedy="Find out what it waits for. If it is docker: `systemctl restart docker`, and see its journal",
    )


class Direct(BaseBackend):  # type: ignore[misc]  # which has no types
    """Commands as root by ssh, or on this machine; *connection* has the arguments of Ansible's own plugins."""

    NAME = "direct"

    def __init__(self, host: str, connection: Mapping[str, t.Any], folder: Path) -> None:
        super().__init__(host)
        self._become: Sequence[str] = connection["become"]
        self._ssh: Sequence[str] = connection["ssh"]
        if self._ssh and not any("controlpath" in each.lower() for each in self._ssh):
            self._ssh = [*self._ssh[:-1], *_SHARED.format(folder=folder).split(), self._ssh[-1]]

    def run(self, command: str, *args: str, **_kwargs: t.Any) -> CommandResult:
        """Run a shell line. Raises LostError, CheckFailedError."""
        line = self.quote(command, *args)
        argv = [*self._become, *bounded(line)]
        argv = [*self._ssh, shlex.join(argv)] if self._ssh else argv
        wait = SECONDS + _LATE
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=wait)
        except subprocess.TimeoutExpired:
            raise LostError(self.hostname, f"it did not answer within {wait} seconds") from None
        except OSError as exc:
            raise LostError(self.hostname, f"{argv[0]} does not start: {exc.strerror}") from None
        found = self.result(done.returncode, line.encode(), done.stdout, done.stderr)
        if self._ssh and done.returncode == _LOST:
            raise LostError(self.hostname, found.stderr.strip() or f"ssh ended with {_LOST}")
        return require_ended(found, line)

    def decode(self, data: bytes) -> str:
        """Whatever it is: testinfra asks the host for its encoding, and fails with what is not in it."""
        return data.decode("utf-8", "replace")


class ThroughAnsible(AnsibleBackend):  # type: ignore[misc]  # likewise
    """Commands by `ansible -m shell`: whatever connection and become the inventory has."""

    def __init__(self, host: str, inventory: str | None) -> None:
        super().__init__(host, ansible_inventory=inventory, force_ansible=True)

    def run(self, command: str, *args: str, **_kwargs: t.Any) -> CommandResult:
        """Run a shell line. Raises LostError, CheckFailedError."""
        line = self.quote(command, *args)
        # Encoded, as Ansible takes {{ }} for a template, and NAME=VALUE for an argument of its module.
        hidden = f'"$(echo {base64.b64encode(line.encode()).decode()} | base64 -d)"'
        try:
            done = super().run(f"{shlex.join(bounded('')[:-1])} {hidden}")
        except (RuntimeError, AssertionError) as exc:  # testinfra's
            words = getattr(exc.args[0], "stderr", "") if exc.args else ""
            raise LostError(self.host, str(words or exc).strip()) from None
        except (KeyError, ValueError):
            raise LostError(self.host, f"`ansible -m shell -a true {self.host}` shows why") from None
        return require_ended(self.result(done.rc, line.encode(), done.stdout, done.stderr), line)
