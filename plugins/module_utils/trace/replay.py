# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays a trace: repeats the observations ("looks") of a full plan, and compares.

Controllers pass this file unchanged to a host's Python, so it imports nothing of the collection, and little else. A
look is [kind, argument, …, digest of the answer]; LOOKS has the function of each kind, which returns plain data with an
unambiguous repr(). Any doubt leads to a full plan.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # at run time it would take as long as all looks
    import typing as t

FORMAT = 1
PATH = "/run/multiarch-builders/trace.json"  # does not survive a reboot, like the processes in it
MARK = "multiarch-builders-trace: "
_STATE = ("dev", "ino", "size", "mode", "uid", "gid", "mtime_ns", "ctime_ns")
_SECONDS, _LARGEST = 10, 64 * 1024**2  # timeout of dockerd or a program; bytes of a file, as in host/files.py


class UnsureError(Exception):
    """The trace cannot be used; the message says why."""


def digest(answer: t.Any) -> str:
    """The digest that represents an answer in a trace, which holds neither content nor secrets."""
    return hashlib.sha256(repr(answer).encode("utf-8", "surrogateescape")).hexdigest()


def acting(uid: int, gid: int, name: str, *arguments: t.Any) -> t.Any:
    """The answer of another look, made with a user's rights."""
    groups, (own_uid, own_gid) = os.getgroups(), (os.geteuid(), os.getegid())
    try:
        os.setgroups([gid])
        os.setegid(gid)
        os.seteuid(uid)
        return LOOKS[name](*arguments)
    finally:
        os.seteuid(own_uid)
        os.setegid(own_gid)
        os.setgroups(groups)


def content(path: str) -> t.Any:
    """The bytes of a regular file; None if it does not exist."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
                raise UnsureError("it is no file, or too large")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def kind(path: str) -> t.Any:
    """The type of a path, links followed: "file", "folder", "other", or None."""
    found = _stat(path)
    return found and ("file" if stat.S_ISREG(found.st_mode) else "folder" if stat.S_ISDIR(found.st_mode) else "other")


def state(path: str) -> t.Any:
    """What stat(2) reports, links followed, without the access time: it changes whenever the file does."""
    return state_of(_stat(path, PermissionError))


def state_of(found: t.Optional[os.stat_result]) -> t.Any:
    """The same for a result of stat(2)."""
    return found and tuple(getattr(found, f"st_{each}") for each in _STATE)


def rights(path: str) -> t.Any:
    """Mode, owner and group of a path; links are not followed."""
    return rights_of(_stat(path, OSError, follow=False))


def rights_of(found: t.Optional[os.stat_result]) -> t.Any:
    """The same for a result of lstat(2)."""
    return found and (found.st_mode, found.st_uid, found.st_gid)


def _stat(path: str, *hidden: t.Any, follow: bool = True) -> t.Optional[os.stat_result]:
    try:
        return os.stat(path, follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError, *hidden):
        return None


def names(folder: str) -> t.Any:
    """The names in a directory, sorted; empty if it does not exist."""
    try:
        return tuple(sorted(os.listdir(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def matching(folder: str, pattern: str) -> t.Any:
    """The paths below a directory that match a pattern, sorted."""
    import pathlib

    place = pathlib.Path(folder)
    return tuple(sorted(f"{folder}/{each.relative_to(place)}" for each in place.glob(pattern)))


def link(path: str) -> t.Any:
    """The target of a link, None for anything else."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def program(name: str, folders: str) -> t.Any:
    """The path of a program, as shutil.which() finds it."""
    for folder in folders.split(":"):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None


def process(pid: int) -> t.Any:
    """(name, start in ticks since boot), which identify a process; None if it does not exist."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            name, _end, fields = file.read().partition("(")[2].rpartition(")")
    except OSError:
        return None
    return (name, int(fields.split()[19]))  # proc(5): field 22; pid and name precede these


def user(name: str) -> t.Any:
    """A user's passwd entry."""
    import pwd

    try:
        return tuple(pwd.getpwnam(name))
    except KeyError:
        return None


def users() -> t.Any:
    """The passwd entries of all users."""
    import pwd

    return tuple(map(tuple, pwd.getpwall()))


def groups(name: str, gid: int) -> t.Any:
    """The ids of a user's groups, sorted."""
    return tuple(sorted(os.getgrouplist(name, gid)))


def group(gid: int) -> t.Any:
    """The name of the group with this id."""
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None


def machine() -> t.Any:
    """The architecture."""
    return os.uname().machine


def before(moment: float) -> t.Any:
    """Whether it is earlier than that, in seconds since the epoch."""
    return time.time() < moment


def output(argv: t.Sequence[str], options: t.Mapping[str, t.Any]) -> t.Any:
    """Status and output of a read-only program; *options* are those of subprocess.run()."""
    import subprocess

    done = subprocess.run(list(argv), timeout=_SECONDS, check=False, **options)  # pylint: disable=ansible-bad-function
    return (done.returncode, done.stdout, done.stderr)


def ping(path: str) -> t.Any:
    """The version of dockerd's API, "" if it reports none, None if it does not answer."""
    try:
        status, lines, _body = _ask(path, "/_ping")
    except OSError:
        return None
    head = dict(line.lower().partition(":")[::2] for line in lines)
    return head.get("api-version", "").strip() if status < 400 else None


def docker(path: str, question: str, used: t.Any) -> t.Any:
    """dockerd's answer to GET *question*, reduced to what was *used* of it; None for 404."""
    status, _head, body = _ask(path, question)
    if status == 404:
        return None
    if status != 200:
        raise UnsureError(f"dockerd answered {status} to {question}")
    return body if used == "bytes" else reduced(json.loads(body), used)


def _ask(path: str, question: str) -> t.Tuple[int, t.List[str], bytes]:
    """Status, header lines, and body. HTTP/1.0, so that the body is not chunked, and ends with the connection."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_SECONDS)
        connection.connect(path)
        connection.sendall(f"GET {question} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            text, _empty, body = answer.read().partition(b"\r\n\r\n")
    lines = text.decode("latin-1").split("\r\n")
    return int(lines[0].split()[1]), lines[1:], body


def reduced(value: t.Any, used: t.Any) -> t.Any:
    """*value* reduced to what was *used* of it, {key: what was used of that}.

    "[]" stands for each element of a list, "*" for all of an object.
    """
    if isinstance(value, list):
        found = [reduced(each, used.get("[]", {})) for each in value]  # dockerd returns objects in any order
        return sorted(found, key=repr) if any(isinstance(each, dict) for each in value) else found
    if isinstance(value, dict):
        if used.get("*") is True:
            return json.dumps(value, sort_keys=True)
        fields = [(name, reduced(value[name], used[name])) for name in sorted(used) if name in value]
        return (bool(value), fields)
    return value


LOOKS: t.Dict[str, t.Callable[..., t.Any]] = {"real": os.path.realpath}
for _look in (
    *(acting, content, kind, state, rights, names, matching, link, program, process),
    *(user, users, groups, group, machine, before, output, ping, docker),
):
    LOOKS[_look.__name__] = _look


def difference(looks: t.Iterable[t.Sequence[t.Any]]) -> str:
    """The first look whose answer differs from the trace, as a message; "" if there is none."""
    for name, *arguments, answer in looks:
        first = arguments[0] if arguments else ""  # a path, a name or a command
        what = f"{name} {' '.join(map(str, first[:2])) if isinstance(first, list) else first}"
        try:
            found = digest(LOOKS[name](*arguments))
        except Exception as exc:  # whatever it is, the full plan that follows reports it
            return f"{what}: {exc}"
        if found != answer:
            return f"{what} has changed"
    return ""


def load(path: str, key: str, oldest: float) -> t.Dict[str, t.Any]:
    """The trace for this *key*, younger than *oldest* seconds. Raises UnsureError if it cannot be trusted."""
    folder = os.lstat(os.path.dirname(path))
    if not stat.S_ISDIR(folder.st_mode) or folder.st_uid != os.geteuid() or folder.st_mode & 0o022:
        raise UnsureError(f"{os.path.dirname(path)} is not private to root")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise UnsureError(f"{path} is not private to root")
        trace = json.load(file)
    if not isinstance(trace, dict) or trace.get("format") != FORMAT:
        raise UnsureError(f"{path} has another format")
    if trace.get("key") != key:
        raise UnsureError("the variables or the collection have changed")
    age = time.time() - trace["time"]
    if not 0 <= age < oldest:
        raise UnsureError(f"it is {age:.0f} s old" if age > 0 else "the clock was set back")
    if not (isinstance(trace["looks"], list) and trace["looks"] and isinstance(trace["result"], dict)):
        raise UnsureError("the trace is damaged")
    return trace


def replay(path: str, key: str, oldest: float) -> t.Dict[str, t.Any]:
    """{"result", "time"} of the full plan if nothing has changed since, else {"why": the reason for a new one}."""
    try:
        trace = load(path, key, oldest)
        why = difference(trace["looks"])
        return {"why": why} if why else {"result": trace["result"], "time": trace["time"]}
    except FileNotFoundError:
        return {"why": "there is no trace"}
    except Exception as exc:  # a damaged trace is not used
        return {"why": str(exc) if isinstance(exc, UnsureError) else f"the trace cannot be read: {exc}"}


def main(key: str, oldest: float) -> None:
    """Print the result of replay()."""
    sys.stdout.write(f"{MARK}{json.dumps(replay(PATH, key, oldest))}\n")
