# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with a rootless Docker of their own: its dockerd reads certificates in the user's home."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import daemon_files
from ansible_collections.multiarch.builders.plugins.module_utils.docker import certs_d
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

# What dockerd-rootless-setuptool.sh writes (moby/moby, contrib/).
_UNIT = ".config/systemd/user/docker.service"


def rootless_files(registries: t.Sequence[Registry], users: t.Sequence[str]) -> t.Tuple[WriteFile, ...]:
    """The certificates for the rootless dockerd of those of *users* who have one, owned by them."""
    found: t.List[WriteFile] = []
    for user in users:
        home, owner = user_entry(user).pw_dir, owner_of(user)
        if read(f"{home}/{_UNIT}", owner, errors="replace") is not None:
            found += daemon_files(registries, certs_d.rootless_root(home), owner)
    return tuple(found)
