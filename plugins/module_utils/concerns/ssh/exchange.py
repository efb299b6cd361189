# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other hosts need to know of this one: its public host keys, whom it authorises, and its users' public keys.

Controllers pass this file unchanged to a host's Python, so it imports nothing of the collection. It changes nothing,
and prints no secret: what is not a public key is left out.
"""

from __future__ import annotations

import json
import os
import pathlib
import pwd
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

MARK = "multiarch-builders-ssh: "
RECORD = "/var/lib/multiarch-builders"
HOST_KEYS = ("/etc/ssh", "ssh_host_*_key.pub")
AUTHORIZED = ".ssh/authorized_keys"
COMMAND = "docker system dial-stdio"
_PUBLIC = re.compile(r"((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3})(?: .*)?")


def line(key: str, user: str, scheduler: str) -> str:
    """The line of authorized_keys for the *key* of a *user* of *scheduler*, without its end (sshd(8)).

    Whatever the client asks for, sshd starts COMMAND, which connects it to dockerd. Nothing is forwarded, and there is
    no terminal and no ~/.ssh/rc.
    """
    return f'restrict,command="{COMMAND}" {key} multiarch-builders:{user}@{scheduler}'


def host_keys(root: str = "") -> t.List[str]:
    """Types and keys of the host, sorted."""
    found = []
    folder, pattern = HOST_KEYS
    for path in sorted(pathlib.Path(root + folder).glob(pattern)):
        match = _PUBLIC.fullmatch(path.read_text("utf-8", "replace").strip())
        found += [match.group(1)] if match else []
    return found


def authorised(record: t.Dict[str, t.Any], root: str = "") -> t.Dict[str, t.List[str]]:
    """By login the keys that are authorised as we do it, from the files themselves."""
    found: t.Dict[str, t.List[str]] = {}
    for row in record.get("clients") or []:
        wanted = line(row["key"], row["user"], row["scheduler"])
        if wanted in _lines(row["login"], root):
            found.setdefault(row["login"], []).append(row["key"])
    return found


def _lines(login: str, root: str) -> t.List[str]:
    """The lines of a user's file, read with the user's rights: a link must not show root's files."""
    try:
        entry = pwd.getpwnam(login)
        give_back = _take_rights(entry.pw_uid, entry.pw_gid)
        try:
            return pathlib.Path(f"{root}{entry.pw_dir}/{AUTHORIZED}").read_text("utf-8", "replace").splitlines()
        finally:
            give_back()
    except (KeyError, OSError):
        return []


def _take_rights(uid: int, gid: int) -> t.Callable[[], None]:
    """Take a user's rights; returns what gives them back."""
    groups, (own_uid, own_gid) = os.getgroups(), (os.geteuid(), os.getegid())
    if own_uid != 0 or uid == 0:
        return lambda: None

    def back() -> None:
        os.seteuid(own_uid)
        os.setegid(own_gid)
        os.setgroups(groups)

    os.setgroups([gid])
    os.setegid(gid)
    os.seteuid(uid)
    return back


def _record(name: str, root: str) -> t.Dict[str, t.Any]:
    try:
        found = json.loads(pathlib.Path(f"{root}{RECORD}/{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def seen(root: str = "") -> t.Dict[str, t.Any]:
    """All of it; *root* is the folder that serves as /. *nodes* are those that the builders of this host use."""
    ours = _record("ssh_keys", root)
    keys = {user: row.get("public", "") for user, row in (ours.get("keys") or {}).items()}
    nodes = sorted({row.get("host", "") for row in (ours.get("nodes") or {}).values()})
    found = {"host_keys": host_keys(root), "authorised": authorised(_record("ssh", root), root)}
    return {**found, "keys": keys, "nodes": nodes}


def main() -> None:
    """Print it."""
    sys.stdout.write(f"{MARK}{json.dumps(seen())}\n")
