"""What the kernel lets this process do, found by asking it in processes that end at once; nothing stays of it."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

# Those of capabilities(7) that an ordinary container lacks and the lab uses, by their bits.
CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}
ALL_USERS = ["0", "0", "4294967295"]  # user_namespaces(7): every user is itself
NEW_USER, NEW_NET, NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000  # unshare(2)
FSOPEN = 430  # the number of fsopen(2), the same on all architectures
ADD_BRIDGE = 0x89A0  # SIOCBRADDBR of linux/sockios.h
FILE_SYSTEMS = ("overlay", "binfmt_misc")


def lacking_capabilities(status: str | None = None) -> tuple[str, ...]:
    """Those that this process has not, of the text of /proc/self/status."""
    text = Path("/proc/self/status").read_text() if status is None else status
    effective = next((int(line.split()[1], 16) for line in text.splitlines() if line.startswith("CapEff:")), 0)
    return tuple(name for name, bit in CAPABILITIES.items() if not effective >> bit & 1)


def has_all_users() -> bool:
    """Whether this is no user namespace, or one that is the whole machine."""
    return Path("/proc/self/uid_map").read_text().split() == ALL_USERS


def user_namespace_error() -> int:
    """The errno of making a user namespace, with the others that a host has; 0 if it can be."""
    return _in_child(partial(unshare, NEW_USER | NEW_MOUNTS | NEW_NET))


def missing_features() -> tuple[str, ...]:
    """File systems and devices that hosts are made of and the kernel has not; a module that it has is loaded."""
    missing = [name for name in FILE_SYSTEMS if _in_child(partial(_open_file_system, name)) == errno.ENODEV]
    if _in_child(_make_bridge) == errno.ENOPKG:  # br_ioctl_call of net/socket.c
        missing.append("bridge")
    return (*missing, *([] if Path("/dev/fuse").exists() else ["fuse"]))


def _call(number: int) -> None:
    if number < 0:
        raise OSError(ctypes.get_errno(), "")


def unshare(flags: int) -> None:
    """Give this process namespaces of its own: NEW_USER, NEW_NET and NEW_MOUNTS, together or alone."""
    _call(ctypes.CDLL(None, use_errno=True).unshare(flags))


def _open_file_system(name: str) -> None:
    _call(ctypes.CDLL(None, use_errno=True).syscall(FSOPEN, name.encode(), 0))


def _make_bridge() -> None:
    """In a network that ends with this process."""
    unshare(NEW_NET)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        fcntl.ioctl(one, ADD_BRIDGE, b"lab-asks\0")


def _in_child(act: Callable[[], None]) -> int:
    """The errno of what a process of its own does; 0 if it did it."""
    child = os.fork()
    if not child:
        code = 255
        with suppress(BaseException):  # whatever it is: this process never returns to the caller's code
            try:
                act()
                code = 0
            except OSError as error:
                code = error.errno or code
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
