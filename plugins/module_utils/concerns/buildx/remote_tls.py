# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for buildkitds that run elsewhere (driver `remote`): files of each user, named in the driver's options.

docker/buildx, driver/remote/factory.go: `cacert`, `cert` and `key` are absolute paths on the client's machine, read at
every connection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import acting_as, differs
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of, user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance, Node
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile


def _files_of(wanted: Instance, node: Node, user: str) -> t.Dict[str, t.Tuple[str, str]]:
    """{driver option: (path, content)}."""
    folder = _folder(wanted, node, user)
    contents = {"cacert": node.ca, "cert": node.client_cert, "key": node.client_key}
    return {name: (f"{folder}/{name}.pem", content) for name, content in contents.items() if content}


def _folder(wanted: Instance, node: Node, user: str) -> str:
    return f"{folder_of(wanted.name, user)}/{node.name.lower()}"


def folder_of(builder: str, user: str) -> str:
    """The directory of a builder's certificates, for one user."""
    return f"{user_entry(user).pw_dir}/.docker/multiarch-builders/{builder.lower()}"


def placed_options(wanted: Instance, node: Node, user: str) -> t.Dict[str, str]:
    """The driver options that name them."""
    return {name: path for name, (path, _content) in _files_of(wanted, node, user).items()}


def files(wanted: Instance, user: str) -> t.Tuple[WriteFile, ...]:
    """The files that *user* needs, readable only by that user."""
    found = [each for node in wanted.nodes for each in _files_of(wanted, node, user).values()]
    return tuple(WriteFile(path, content, mode=0o600, owner=owner_of(user)) for path, content in found)


def missing(wanted: Instance, users: t.Sequence[str]) -> t.Tuple[WriteFile, ...]:
    """The files that differ, for all of *users*."""
    return tuple(each for user in users for each in files(wanted, user) if differs(each))


def leftovers(wanted: Instance, users: t.Sequence[str]) -> t.Tuple[RemoveFile, ...]:
    """Certificates that no node needs any more."""
    found: t.List[RemoveFile] = []
    for user in users:
        asked, owner = {each.path for each in files(wanted, user)}, owner_of(user)
        with acting_as(owner):
            present = look.matching(folder_of(wanted.name, user), "*/*.pem")
        found += [RemoveFile(each, folder=True, owner=owner) for each in present if each not in asked]
    return tuple(found)
