# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which builders in a user's store have a node at an endpoint (docker/buildx, store/store.go)."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


def builders_at(user: str, endpoint: str) -> t.Tuple[str, ...]:
    """The names of the builders of *user* with a node at *endpoint*, as buildx stores it; broken entries have none."""
    owner, folder = owner_of(user), f"{user_entry(user).pw_dir}/.docker/buildx/instances"
    names: t.Tuple[str, ...] = ()
    with contextlib.suppress(OSError), acting_as(owner):  # buildx cannot read it either
        names = look.names(folder)
    found = []
    for name in names:
        with contextlib.suppress(HostError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            entry = json.loads(read(f"{folder}/{name}", owner) or "")
            if endpoint in [node.get("Endpoint") for node in entry["Nodes"]]:
                found.append(str(entry["Name"]))
    return tuple(found)
