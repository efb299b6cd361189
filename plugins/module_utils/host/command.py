# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes on the host: no shell, a fixed locale, no variables of the caller's environment that change results."""

from __future__ import annotations

import os
import subprocess
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import here
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

TIMEOUT = 600


class NoProgramError(HostError):
    """The program is not on this host."""


class TooSlowError(HostError):
    """The program was ended, as it took too long; *printed* are the errors that it had printed."""

    def __init__(self, what: str, cause: str = "", remedy: str = "", printed: str = "") -> None:
        super().__init__(what, cause, remedy)
        self.printed = printed


@dataclass(frozen=True)
class Outcome:
    """The result of a process. An exit status of docker or buildx proves nothing: read the real state as well."""

    argv: t.Tuple[str, ...]
    status: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """All that the program printed: its errors, else its output."""
        return self.stderr.strip() or self.stdout.strip() or "nothing said"

    @property
    def cause(self) -> str:
        """Why it failed, in one line."""
        from ansible_collections.multiarch.builders.plugins.module_utils.causes import program

        return program.cause(self.argv, self.stdout, self.stderr)

    @property
    def said(self) -> str:
        """The end of the output, in whole lines below the program's name; empty if it printed nothing."""
        from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told

        return told(f"`{' '.join(self.argv[:3])}` said", self.stderr if self.stderr.strip() else self.stdout)


def environment(user: t.Optional[str], extra: t.Optional[t.Mapping[str, str]] = None) -> t.Dict[str, str]:
    """The environment of a process of *user* (root if None)."""
    entry = user_entry(user or "root")
    return {
        "PATH": here().programs,
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "HOME": entry.pw_dir,
        "USER": entry.pw_name,
        "LOGNAME": entry.pw_name,
        **(extra or {}),
    }


def identity(user: t.Optional[str]) -> t.Dict[str, t.Any]:
    """The keywords for subprocess that run a process as *user* with its groups; empty if that is the current user."""
    if user is None or user_entry(user).pw_uid == os.geteuid():
        return {}
    entry = user_entry(user)
    groups = list(here().users.groups(entry))
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def run(
    argv: t.Sequence[str],
    *,
    user: t.Optional[str] = None,
    stdin: str = "",
    env: t.Optional[t.Mapping[str, str]] = None,
    cwd: str = "/",
    timeout: int = TIMEOUT,
) -> Outcome:
    """Run *argv* as *user* with its groups. Raises HostError if it cannot start, TooSlowError after *timeout* s."""
    options: t.Dict[str, t.Any] = {
        **{"input": stdin, "capture_output": True, "encoding": "utf-8", "errors": "replace"},
        **{"env": environment(user, env), "cwd": cwd},
        **identity(user),
    }
    try:
        with watch.spoiled_by(OSError, ValueError, subprocess.SubprocessError):
            done = subprocess.run(list(argv), timeout=timeout, check=False, **options)  # pylint: disable=ansible-bad-function
    except FileNotFoundError:
        raise NoProgramError(f"{argv[0]} is not on this host") from None
    except subprocess.TimeoutExpired as exc:
        printed = exc.stderr.decode("utf-8", "replace") if isinstance(exc.stderr, bytes) else exc.stderr or ""
        raise TooSlowError(f"`{' '.join(argv)}` did not finish within {timeout} s", printed=printed) from None
    except (OSError, ValueError) as exc:  # not a program, too many arguments, NUL in one
        raise HostError(f"{argv[0]!r} cannot be started: {exc}") from None
    answer = (done.returncode, done.stdout, done.stderr)
    watch.saw("output", (tuple(argv), options), answer)
    return Outcome(tuple(argv), *answer)


def must(argv: t.Sequence[str], why: str, **options: t.Any) -> Outcome:
    """run(), and HostError with *why* and the cause from the program's output, if its exit status is not 0."""
    outcome = run(argv, **options)
    if outcome.status != 0:
        ended = f"`{' '.join(argv)}` exited with status {outcome.status}"
        raise HostError(f"{why}: {ended}", outcome.cause, said=outcome.said)
    return outcome
