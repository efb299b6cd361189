# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the docker client of each user is set to: keys merged into config.json, ours remembered, others' kept.

No copy of a former config.json is kept: it may hold logins.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import compose
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Action
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json, owned_keys
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import (
    Former,
    Owned,
    changes,
    desired,
    former_after,
    owned_after,
)

# Keys of config.json whose values may be secrets: logins, and headers such as Authorization.
_SECRET = ("auths", "HttpHeaders")


@dataclass(frozen=True)
class Settings:
    """The config.json of *user* as it is at *path*, the keys in it that are ours, what others had in their place."""

    user: str
    document: Document
    owned: Owned
    replaced: Former = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class WriteSettings:
    """The step that replaces *former* by *document*. Both may hold logins: never print it."""

    user: str
    former: Document
    document: Document
    owned: Owned
    formerly_owned: Owned
    replaced: Former = field(default_factory=dict)
    formerly_replaced: Former = field(default_factory=dict)


def patch_of(proxy: Proxy, options: t.Mapping[str, t.Any]) -> Document:
    """What is asked of config.json; the user's options have the last word."""
    keys = proxy.client_keys()
    return compose({"proxies": {"default": keys}} if keys else {}, options)


def observe(users: t.Sequence[str], patch: t.Mapping[str, t.Any]) -> t.Tuple[Settings, ...]:
    """The settings of each user; nobody's file is read if nothing is asked of it and nothing in it is ours."""
    ours, replaced = remembered()
    return tuple(
        Settings(
            each, config_json.load(each), ours.get(each, {}), replaced.get(each, {}), config_json.config_path(each)
        )
        for each in users
        if patch or ours.get(each) or replaced.get(each)
    )


def remembered() -> t.Tuple[t.Mapping[str, Owned], t.Mapping[str, Former]]:
    """The keys that are ours, and what others had in their place, by user."""
    found = RECORD.read()
    return found.client, found.replaced


def actions_for(settings: Settings, patch: t.Mapping[str, t.Any]) -> t.List[Action]:
    """What one user's config.json wants. Pure."""
    after = desired(settings.document, settings.owned, patch, settings.replaced)
    differences = changes(settings.document, after)
    if not differences:
        return []
    owned = owned_after(settings.document, settings.owned, patch)
    replaced = former_after(settings.document, settings.owned, patch, settings.replaced)
    # no secret of anybody is kept a second time
    kept = {path: value for path, value in replaced.items() if path[0] not in _SECRET}
    step = WriteSettings(settings.user, settings.document, after, owned, settings.owned, kept, settings.replaced)
    told = "; ".join(f"{each.key}: changes" if each.path[0] in _SECRET else str(each) for each in differences)
    return [Action(f"write {settings.path}: {told}", step)]


def apply(step: WriteSettings) -> None:
    """Write one config.json, unless somebody else did so since it was read."""
    if config_json.load(step.user) != step.former:
        path = config_json.config_path(step.user)
        raise HostError(f"{path} was changed by somebody else just now, and was left as it is: run again")
    # Owned before it is written: a crash in between is finished by the next run.
    both = owned_keys.both(step.formerly_owned, step.owned)
    own(step.user, both, {**step.replaced, **step.formerly_replaced})
    config_json.save(step.user, step.document)
    own(step.user, step.owned, step.replaced)


def own(user: str, keys: Owned, replaced: Former) -> None:
    """Remember what is ours in the user's config.json; nothing at all if nothing is."""
    RECORD.update(
        lambda found: replace(
            found,
            client={each: rows for each, rows in {**found.client, user: keys}.items() if rows},
            replaced={each: rows for each, rows in {**found.replaced, user: replaced}.items() if rows},
        )
    )
