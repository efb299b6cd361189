# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's handler files, /proc/sys/fs/binfmt_misc/NAME: one registered handler each. Pure functions."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat

REGISTRY = "/proc/sys/fs/binfmt_misc"
# The files beside the handlers: commands to the kernel, and whether binfmt_misc as a whole is enabled.
STATUS = "status"
CONTROL_FILES = frozenset({"register", STATUS})
_SEPARATORS = ":|,;!#%=@~^+*?&$<>()[]{}'\""


@dataclass(frozen=True)
class Handler:
    """One handler as the kernel reports it; it matches by magic or by the extension of the file's name.

    The kernel adds the flag O to C, and writes flags in its own order: compare them as sets.
    """

    name: str
    enabled: bool
    interpreter: str
    flags: str
    offset: int = 0
    magic: bytes = b""
    mask: t.Optional[bytes] = None
    extension: t.Optional[str] = None

    @property
    def fixed(self) -> bool:
        """Flag F, fix binary: the kernel opened the interpreter when it was registered, and keeps it open.

        Only such a handler works in containers and chroots: without F each exec looks up the interpreter's path
        in the file system of the caller. The downside: if the file is deleted or replaced, the old one remains
        in use until the handler is registered again.
        """
        return "F" in self.flags

    def serves(self, fmt: ElfFormat) -> bool:
        """Whether it matches every ordinary executable of this format, enabled or not."""
        return bool(self.magic) and all(self._matches(header) for header in fmt.headers())

    def _matches(self, header: bytes) -> bool:
        # As in the kernel: bytes past the end of a short file read as zero; without a mask every bit counts.
        size = len(self.magic)
        found = header[self.offset : self.offset + size].ljust(size, b"\0")
        mask = b"\xff" * size if self.mask is None else self.mask
        return (_bits(found) ^ _bits(self.magic)) & _bits(mask) == 0


def _bits(data: bytes) -> int:
    return int.from_bytes(data, "big")


def registration_of(handler: Handler) -> str:
    """The line that registers *handler* as it is, but enabled. O is implied by C, as in the kernel."""
    if handler.extension is not None:
        fields = [handler.name, "E", "", handler.extension, "", handler.interpreter, handler.flags]
    else:
        magic, mask = ("".join(f"\\x{byte:02x}" for byte in data or b"") for data in (handler.magic, handler.mask))
        fields = [handler.name, "M", str(handler.offset), magic, mask, handler.interpreter, handler.flags]
    # The line's first character separates the rest; a foreign handler may have a colon in a name.
    separator = next((each for each in _SEPARATORS if not any(each in field for field in fields)), ":")
    return "".join(separator + field for field in fields)


def status_is_on(text: str) -> bool:
    """Whether handlers as a whole are enabled, by the content of STATUS."""
    return text.strip() == "enabled"


def parse_handler(name: str, text: str) -> Handler:
    """Read a handler file; unknown lines of later kernels are skipped (a bpf handler has no interpreter)."""
    status, *lines = text.split("\n")
    if status not in ("enabled", "disabled"):
        raise ValueError(f"handler {name}: begins with {status!r}, neither enabled nor disabled")
    fields: t.Dict[str, str] = {}
    for line in lines:
        key, _space, value = line.partition(" ")
        fields.setdefault(key.rstrip(":"), value)
    try:
        magic = bytes.fromhex(fields.get("magic", ""))
        mask = bytes.fromhex(fields["mask"]) if "mask" in fields else None
        offset = int(fields.get("offset", "0"))
    except ValueError as error:
        raise ValueError(f"handler {name}: {error}") from error
    if mask is not None and len(mask) != len(magic):
        raise ValueError(f"handler {name}: a mask of {len(mask)} bytes for a magic of {len(magic)}")
    extension = fields.get("extension")
    return Handler(
        name=name,
        enabled=status == "enabled",
        interpreter=fields.get("interpreter", ""),
        flags=fields.get("flags", ""),
        offset=offset,
        magic=magic,
        mask=mask,
        extension=None if extension is None else extension[1:],
    )


def parse_registration(line: str) -> t.Optional[Handler]:
    """The handler that a line of binfmt.d registers.

    None for a comment, for anything but a handler by magic, and for what the kernel refuses.
    """
    line = line.strip()
    fields = line[1:].split(line[0]) if line and line[0] not in "#;" else []
    if len(fields) != 7 or fields[1] != "M":
        return None
    name, _kind, offset, magic, mask, interpreter, flags = fields
    try:
        return Handler(name, True, interpreter, flags, int(offset or 0), _bytes(magic), _bytes(mask) or None)
    except ValueError:  # an offset that is no number, an incomplete escape, a character that is no byte
        return None


def _bytes(escaped: str) -> bytes:
    return escaped.encode("latin-1").decode("unicode_escape").encode("latin-1")
