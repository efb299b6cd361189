# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of this collection that stay on a host, each a file of root's that its unit starts."""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_MODE = 0o644
_LARGEST = 8 * 1024**2


def digest(path: str) -> t.Optional[str]:
    """SHA-256 of the program; None if there is none, or if users other than root may write it."""
    found = look.state(path)  # as long as that is the same, so is the content
    if found is None or found.st_mode & 0o777 != _MODE or found.st_uid != me().uid or found.st_size > _LARGEST:
        return None
    return hashlib.sha256(look.head(path, found.st_size)).hexdigest()


def install(path: str, source: t.Optional[str], wanted: str, what: str) -> None:
    """Install the program with the digest *wanted*, uploaded to *source*, replacing a former one atomically.

    One that is there already, but with another owner or mode, is not uploaded. Raises HostError about *what*.
    """
    try:
        content = at(source or path).read_bytes()
    except OSError as exc:
        raise HostError(f"{what} was not uploaded: {exc}") from exc
    if hashlib.sha256(content).hexdigest() != wanted:
        raise HostError(f"{what} was changed on its way to the host: run again")
    files.write_bytes(path, content, _MODE)
