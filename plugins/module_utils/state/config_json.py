# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's ~/.docker/config.json: logins, credential helpers, proxies. It has other writers, so it is merged into."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import files
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import read, remove, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import (
    home_of,
    is_user,
    owner_of,
    user_entry,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import (
    CLIENT_MAPPINGS,
    Document,
    parse,
    render,
)
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_dir


def config_path(user: str) -> str:
    """The client's configuration of a user."""
    return f"{user_entry(user).pw_dir}/.docker/config.json"


def load(user: str) -> Document:
    """The content of a user's config.json, {} if there is none. Raises HostError if docker could not read it."""
    path = config_path(user)
    found = parse(read(path, owner_of(user)), path)
    for name in CLIENT_MAPPINGS:
        if not isinstance(found.get(name), (dict, type(None))):
            raise HostError(
                f"{path} holds {type(found[name]).__name__} under {name!r}, not a mapping, which docker does not read. "
                "It was not changed: fix or remove it, then run again"
            )
    return found


def wanted_file(user: str, content: t.Mapping[str, t.Any]) -> WriteFile:
    """config.json with *content*, readable by its user only. Raises HostError if the user has no home."""
    home_of(user)
    path, owner = config_path(user), owner_of(user)
    return WriteFile(path, render(content, read(path, owner), indent="\t"), mode=0o600, owner=owner)


def tidy(user: str) -> None:
    """Remove what killed runs left of a config.json that is not written again; it may hold logins."""
    if is_user(user):
        files.tidy(config_path(user), owner_of(user))


def save(user: str, content: t.Mapping[str, t.Any]) -> None:
    """Write config.json; if it did not exist before us and is now empty, remove it."""
    config_dir.note(user)
    if content or config_dir.before(user).config:
        write(wanted_file(user, content))
    else:
        remove(RemoveFile(config_path(user), owner=owner_of(user)))
