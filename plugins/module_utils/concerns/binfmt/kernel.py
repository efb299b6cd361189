# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's registry of handlers: /proc/sys/fs/binfmt_misc.

https://docs.kernel.org/admin-guide/binfmt-misc.html . What these files say is the truth about emulation; the exit
status of any tool is not.
"""

from __future__ import annotations

import errno
import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import (
    CONTROL_FILES,
    STATUS,
    Handler,
    parse_handler,
    status_is_on,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

REGISTRY = pathlib.Path("/proc/sys/fs/binfmt_misc")
_WHY = {
    errno.EROFS: "it is mounted read-only: an unprivileged container or a hardened host; register on the host itself",
    errno.EPERM: "not permitted: a user namespace without its own registry (kernel before 6.7); register on the host",
    errno.EACCES: "not permitted: register as root on the host itself",
    errno.EINVAL: "the kernel refuses the line: it may be too old for one of the flags",
    errno.ENOENT: "the emulator is missing, or does not fit this host's architecture",
    errno.EEXIST: "a handler of that name is there already",
}


def handlers() -> t.Dict[str, Handler]:
    """All handlers by name, also those for other formats than ELF. Raises HostError where there is no registry."""
    if not (REGISTRY / "register").exists():
        known = "binfmt_misc" in pathlib.Path("/proc/filesystems").read_text(encoding="ascii")
        remedy = (
            "`systemctl start proc-sys-fs-binfmt_misc.mount`; in an unprivileged container, provision its host instead"
        )
        if not known:
            remedy = "the kernel does not have it: `modprobe binfmt_misc`, or a kernel with CONFIG_BINFMT_MISC"
        raise HostError(f"{REGISTRY} is not mounted, so no emulator can be registered: {remedy}")
    names = sorted(path.name for path in REGISTRY.iterdir() if path.name not in CONTROL_FILES)
    try:
        return {name: parse_handler(name, (REGISTRY / name).read_text(encoding="utf-8")) for name in names}
    except (OSError, ValueError) as exc:
        raise HostError(f"a handler in {REGISTRY} cannot be read: {exc}") from exc


def is_on() -> bool:
    """Whether the switch of all handlers is on; each handler's own file says `enabled` all the same."""
    return status_is_on((REGISTRY / STATUS).read_text(encoding="ascii"))


def turn_on() -> None:
    """Turn the switch of all handlers on."""
    try:
        with (REGISTRY / STATUS).open("r+b", buffering=0) as file:
            file.write(b"1")
    except OSError as exc:
        raise HostError(f"{REGISTRY / STATUS} cannot be turned on: {_WHY.get(exc.errno or 0, exc)}") from exc


def register(line: str, name: str) -> None:
    """Register the handler *name*, in place of one of that name. Raises HostError with the kernel's reason.

    A handler that is replaced has a stand-in meanwhile: of two that match, the kernel takes the younger, so that a
    build that starts in between finds one.
    """
    line = line.strip()
    if not (REGISTRY / name).exists():
        _register(line, name)
        return
    between = f"multiarch-builders-{name}"
    unregister(between)
    _register(line.replace(name, between, 1), between)  # its name comes first
    unregister(name)
    _register(line, name)
    unregister(between)


def _register(line: str, name: str) -> None:
    try:
        with (REGISTRY / "register").open("wb", buffering=0) as file:  # one write, as the kernel wants it
            file.write(line.encode())
    except OSError as exc:
        why = _WHY.get(exc.errno or 0, str(exc))
        raise HostError(f"handler {name} cannot be registered in {REGISTRY}: {why}") from exc


def unregister(name: str) -> None:
    """Remove the handler *name*; one that is gone already is fine."""
    try:
        with (REGISTRY / name).open("r+b", buffering=0) as file:  # "w" would try to make the file
            file.write(b"-1")
    except FileNotFoundError:
        return
    except OSError as exc:
        raise HostError(f"handler {name} cannot be removed from {REGISTRY}: {_WHY.get(exc.errno or 0, exc)}") from exc


def disable(name: str) -> None:
    """Switch the handler *name* off, as somebody had it."""
    try:
        with (REGISTRY / name).open("r+b", buffering=0) as file:
            file.write(b"0")
    except OSError as exc:
        raise HostError(f"handler {name} cannot be disabled in {REGISTRY}: {_WHY.get(exc.errno or 0, exc)}") from exc
