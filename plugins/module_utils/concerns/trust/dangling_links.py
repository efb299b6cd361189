# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to removed managed CAs: update-ca-certificates leaves them if nothing else changes.

Seen with Debian testing, 2026-11; the script removes orphans only if it added or removed a certificate itself.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import PREFIX
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


def sweep(folder: t.Optional[str]) -> None:
    """Remove these links from *folder*, None for a store without links. Raises HostError."""
    if folder is None:
        return
    try:
        named = ((each, (look.link(each) or "").rpartition("/")[2]) for each in at(folder).iterdir())
        dangling = [each for each, target in named if target.startswith(PREFIX) and not look.exists(each)]
        for each in dangling:
            each.unlink(missing_ok=True)
    except OSError as exc:
        raise HostError(f"{folder} cannot be swept: {exc}") from exc
    if dangling:  # names are numbered hashes, and OpenSSL stops at the first missing number
        run(["openssl", "rehash", str(at(folder))])
