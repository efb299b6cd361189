# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time changes a host.

The kernel keeps the lock (flock(2)) while the process lives, so a killed run leaves none.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import require_known

if t.TYPE_CHECKING:  # the guard runs without Ansible
    from ansible.module_utils.basic import AnsibleModule

PATH = "/run/multiarch-builders.lock"
_PAUSE = 0.2  # seconds between two tries
_LONGEST = 500  # bytes of the holder's description


class BusyError(HostError):
    """Another run holds the lock."""


@contextlib.contextmanager
def alone(module: AnsibleModule, what: str, path: str = PATH) -> t.Iterator[None]:
    """Hold the lock while *module* does *what* to the host; not in check mode.

    Raises HostError, which names the holder, if that run has not finished after `lock_timeout` seconds; and if the
    record was written by a newer version.
    """
    if module.check_mode:
        require_known()
        yield
        return
    with held(what, module.params["lock_timeout"], path) as waited:
        if waited:
            module.warn(f"waited {waited}; differences were determined after that")
        require_known()
        yield


@contextlib.contextmanager
def held(what: str, seconds: float, path: str = PATH) -> t.Iterator[str]:
    """Hold the lock while the block runs; *what* is shown to those who wait.

    Returns how long it waited for whom, "" if it was free. Raises HostError after *seconds* of waiting.
    """
    try:
        descriptor = os.open(at(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise HostError(f"{path}, the lock between runs, cannot be opened: {exc}") from exc
    try:
        waited = _acquire(descriptor, seconds)
        _say(descriptor, _holder(what))
        yield waited
        _say(descriptor, "")
    finally:
        os.close(descriptor)


def _holder(what: str) -> str:
    """A description of this process for those who wait for it: what it does, for whom, since when."""
    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or "root"
    client = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    origin = f"{user} from {client}" if client else user
    return f"{what} of {origin}, process {os.getpid()}, since {time.strftime('%H:%M:%S %Z')}"


def _say(descriptor: int, words: str) -> None:
    with contextlib.suppress(OSError):  # a full /run: the lock works without a description
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, words.encode()[:_LONGEST], 0)


def _said(descriptor: int) -> str:
    return os.pread(descriptor, _LONGEST, 0).decode(errors="replace") or "it has not identified itself"


def _acquire(descriptor: int, seconds: float) -> str:
    begin, other = time.monotonic(), ""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _said(descriptor)
        else:
            return f"{time.monotonic() - begin:.1f} s for another run: {other}" if other else ""
        if time.monotonic() - begin >= seconds:
            raise BusyError(
                f"another run is changing this host: {other}. Nothing was changed here after {seconds:.0f} s of "
                "waiting: run again when it has finished, or raise builder_lock_timeout"
            )
        time.sleep(_PAUSE)
