# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's registry of handlers: /proc/sys/fs/binfmt_misc.

https://docs.kernel.org/admin-guide/binfmt-misc.html . These files are the source of truth about emulation,
not the exit status of any tool.
"""

from __future__ import annotations

import contextlib
import errno
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    CONTROL_FILES,
    REGISTRY,
    STATUS,
    Handler,
    parse_handler,
    status_is_on,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_WHY = {
    errno.EROFS: "it is mounted read-only: an unprivileged container or a hardened host; register on the host itself",
    errno.EPERM: "not permitted: a user namespace without its own registry (kernel before 6.7); register on the host",
    errno.EACCES: "not permitted: register as root on the host itself",
    errno.EINVAL: "the kernel refuses the line: it may be too old for one of the flags",
    errno.ENOENT: "the emulator is missing, or does not fit this host's architecture",
    errno.EEXIST: "a handler of that name exists already",
}


MOMENTARY = "multiarch-builders-"
"""Begins the names of handlers that exist for a moment; a killed run leaves its own behind, which count as none."""


def handlers() -> t.Dict[str, Handler]:
    """All handlers by name, including those for formats other than ELF. Raises HostError without a registry."""
    if not look.exists(f"{REGISTRY}/register"):
        remedy = (
            "`systemctl start proc-sys-fs-binfmt_misc.mount`; in an unprivileged container, provision its host instead"
        )
        if "binfmt_misc" not in (look.text("/proc/filesystems") or ""):
            remedy = "the kernel does not have it: `modprobe binfmt_misc`, or a kernel with CONFIG_BINFMT_MISC"
        raise HostError(f"{REGISTRY} is not mounted, so no emulator can be registered: {remedy}")
    names = [name for name in look.names(REGISTRY) if name not in CONTROL_FILES and not name.startswith(MOMENTARY)]
    try:
        return {name: parse_handler(name, read(f"{REGISTRY}/{name}") or "") for name in names}
    except ValueError as exc:
        raise HostError(f"a handler in {REGISTRY} cannot be read: {exc}") from exc


def momentary() -> t.Tuple[str, ...]:
    """The handlers that killed runs left, for whoever holds the lock between runs."""
    return tuple(name for name in look.names(REGISTRY) if name.startswith(MOMENTARY))


def is_on() -> bool:
    """Whether handlers as a whole are enabled; each handler's own file says `enabled` in any case."""
    return status_is_on(look.text(f"{REGISTRY}/{STATUS}") or "")


def turn_on() -> None:
    """Enable handlers as a whole."""
    with _explained(f"{REGISTRY}/{STATUS} cannot be turned on"):
        _order(STATUS, "1")


def register(line: str, name: str) -> None:
    """Register the handler *name*, replacing an existing one. Raises HostError with the kernel's reason.

    A stand-in bridges the replacement, so that a build that starts in between finds a handler: of two that match, the
    kernel takes the younger.
    """
    line, between = line.strip(), _stand_in(name)
    if look.exists(f"{REGISTRY}/{name}"):
        _unregister(between)
        _register(line.replace(name, between, 1), between)  # the name is the first field
        _unregister(name)
    _register(line, name)
    _unregister(between)


def _stand_in(name: str) -> str:
    return f"{MOMENTARY}{name}"


def _register(line: str, name: str) -> None:
    with _explained(f"handler {name} cannot be registered in {REGISTRY}"):
        _order("register", line, "wb")


@contextlib.contextmanager
def registered(line: str, name: str) -> t.Iterator[None]:
    """Have the handler *name* while the block runs; one that a killed run left is replaced."""
    unregister(name)
    _register(line, name)
    try:
        yield
    finally:
        unregister(name)


def unregister(name: str) -> None:
    """Remove the handler *name*, if it exists, and a stand-in that a killed run left, which would take its place."""
    _unregister(name)
    _unregister(_stand_in(name))


def _unregister(name: str) -> None:
    with _explained(f"handler {name} cannot be removed from {REGISTRY}"), contextlib.suppress(FileNotFoundError):
        _order(name, "-1")


def disable(name: str) -> None:
    """Disable the handler *name*, as it was before."""
    with _explained(f"handler {name} cannot be disabled in {REGISTRY}"):
        _order(name, "0")


def _order(name: str, order: str, mode: str = "r+b") -> None:
    """One write, as the kernel requires; "wb" would try to create a missing handler's file."""
    with at(f"{REGISTRY}/{name}").open(mode, buffering=0) as file:
        file.write(order.encode())


@contextlib.contextmanager
def _explained(what: str) -> t.Iterator[None]:
    """Raise HostError: *what* cannot be done, with the kernel's reason."""
    try:
        yield
    except OSError as exc:
        raise HostError(f"{what}: {_WHY.get(exc.errno or 0, exc)}") from exc
