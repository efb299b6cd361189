# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the docker client of each user is set to: keys merged into config.json, ours remembered, others' kept.

No copy of a former config.json is kept: it may hold logins.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils import client_config, owned_document, record
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import write
from ansible_collections.multiarch.builders.plugins.module_utils.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.merge_patch import compose
from ansible_collections.multiarch.builders.plugins.module_utils.owned_document import (
    Owned,
    changes,
    desired,
    owned_after,
)
from ansible_collections.multiarch.builders.plugins.module_utils.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.resource import Action

_CONCERN = "buildx"
# Keys of config.json whose values may be secrets: logins, and headers such as Authorization.
_SECRET = ("auths", "HttpHeaders")


@dataclass(frozen=True)
class Settings:
    """The config.json of *user* as it is, and the keys in it that are ours."""

    user: str
    document: Document
    owned: Owned


@dataclass(frozen=True)
class WriteSettings:
    """The step that replaces *former* by *document*. Both may hold logins: never print it."""

    user: str
    former: Document
    document: Document
    owned: Owned
    formerly_owned: Owned


def patch_of(proxy: Proxy, options: t.Mapping[str, t.Any]) -> Document:
    """What is asked of config.json; the user's options have the last word."""
    keys = proxy.client_keys()
    return compose({"proxies": {"default": keys}} if keys else {}, options)


def observe(users: t.Sequence[str], patch: t.Mapping[str, t.Any]) -> t.Tuple[Settings, ...]:
    """The settings of each user; nobody's file is read if nothing is asked of it and nothing in it is ours."""
    ours = {user: owned_document.from_record(found) for user, found in record.load(_CONCERN).get("client", {}).items()}
    return tuple(
        Settings(each, client_config.load(each), ours.get(each, {})) for each in users if patch or ours.get(each)
    )


def actions_for(settings: Settings, patch: t.Mapping[str, t.Any]) -> t.List[Action]:
    """What one user's config.json wants."""
    after = desired(settings.document, settings.owned, patch)
    differences = changes(settings.document, after)
    if not differences:
        return []
    owned = owned_after(settings.document, settings.owned, patch)
    step = WriteSettings(settings.user, settings.document, after, owned, settings.owned)
    told = "; ".join(map(_without_secret, differences))
    return [Action(f"write {client_config.config_path(settings.user)}: {told}", step)]


def _without_secret(difference: str) -> str:
    key = difference.partition(": ")[0]
    return f"{key}: changes" if key.partition(".")[0] in _SECRET else difference


def apply(step: WriteSettings) -> None:
    """Write one config.json, unless somebody else did so since it was read."""
    if client_config.load(step.user) != step.former:
        path = client_config.config_path(step.user)
        raise HostError(f"{path} was changed by somebody else just now, and was left as it is: run again")
    # Owned before it is written: a crash in between is finished by the next run.
    _own(step.user, owned_document.both(step.formerly_owned, step.owned))
    write(client_config.wanted_file(step.user, step.document))
    _own(step.user, step.owned)


def _own(user: str, keys: Owned) -> None:
    memory = record.load(_CONCERN)
    record.save(_CONCERN, {**memory, "client": {**memory.get("client", {}), user: owned_document.to_record(keys)}})
