# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that is observed and changed: this machine, or a folder that a test turns into one.

A process works on one host only, so the host is global and never passed on (docs/architecture.md).
"""

from __future__ import annotations

import contextlib
import grp
import os
import pathlib
import pwd
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.model.processor import Processor

# dockerd looks for docker-proxy and the iptables programs in the administrator's folders.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Users:
    """The users and groups of a host; the methods are those of pwd and grp, KeyError if missing."""

    def named(self, name: str) -> pwd.struct_passwd:
        """The entry of the user *name*."""
        return _saw("user", (name,), lambda: pwd.getpwnam(name))

    def numbered(self, uid: int) -> pwd.struct_passwd:
        """The entry of the user with this id."""
        watch.spoil(f"the name of user {uid} was looked up")
        return pwd.getpwuid(uid)

    def every(self) -> t.Sequence[pwd.struct_passwd]:
        """The entries of all users."""
        return _saw("users", (), pwd.getpwall)

    def groups(self, entry: pwd.struct_passwd) -> t.Sequence[int]:
        """The ids of all groups of a user, as a new process of that user gets them."""
        name, gid = entry.pw_name, entry.pw_gid
        return _saw("groups", (name, gid), lambda: os.getgrouplist(name, gid))

    def group(self, gid: int) -> grp.struct_group:
        """The entry of the group with this id."""
        return _saw("group", (gid,), lambda: grp.getgrgid(gid))


A = t.TypeVar("A")


def _saw(kind: str, arguments: t.Tuple[t.Any, ...], look: t.Callable[[], A]) -> A:
    """The answer of *look*, which is reported; a KeyError as None."""
    try:
        found = look()
    except KeyError:
        watch.saw(kind, arguments, None)
        raise
    watch.saw(kind, arguments, found)
    return found


@dataclass(frozen=True)
class Host:
    """*root* is the folder that serves as /, *programs* are the PATH folders of its programs, not below *root*.

    *processor* replaces what this machine's processor and kernel answer.
    """

    root: str = ""
    users: Users = field(default_factory=Users)
    programs: str = PATH
    processor: t.Optional[Processor] = None


_host = Host()


def here() -> Host:
    """The host of this process."""
    return _host


@contextlib.contextmanager
def standing_on(host: Host) -> t.Iterator[None]:
    """Make *host* the host of this process while the block runs."""
    global _host  # noqa: PLW0603  # per process, including its threads
    former, _host = _host, host
    try:
        yield
    finally:
        _host = former


def at(path: t.Union[str, pathlib.PurePath]) -> pathlib.Path:
    """The real path of the host's *path*; unchanged if it is below the root already, as from a folder listing."""
    root, text = _host.root, str(path)
    return pathlib.Path(text if not root or text == root or text.startswith(f"{root}/") else f"{root}{text}")


def architecture() -> str:
    """The host's architecture, such as x86_64."""
    return _saw("machine", (), lambda: os.uname().machine)
