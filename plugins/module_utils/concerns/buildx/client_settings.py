# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker client settings of each user: keys merged into config.json, ours recorded, foreign ones kept.

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
    """The config.json of *user* at *path*, our keys in it, and the foreign values that they replaced."""

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
    """The desired settings of config.json; the user's options take precedence."""
    keys = proxy.client_keys()
    return compose({"proxies": {"default": keys}} if keys else {}, options)


def observe(users: t.Sequence[str], patch: t.Mapping[str, t.Any]) -> t.Tuple[Settings, ...]:
    """The settings of each user; files without desired or managed keys are not read."""
    ours, replaced = remembered()
    return tuple(
        Settings(
            each, config_json.load(each), ours.get(each, {}), replaced.get(each, {}), config_json.config_path(each)
        )
        for each in users
        if patch or ours.get(each) or replaced.get(each)
    )


def remembered() -> t.Tuple[t.Mapping[str, Owned], t.Mapping[str, Former]]:
    """The managed keys, and the foreign values that they replaced, by user."""
    found = RECORD.read()
    return found.client, found.replaced


def actions_for(settings: Settings, patch: t.Mapping[str, t.Any]) -> t.List[Action]:
    """The required change of one user's config.json. Pure."""
    after = desired(settings.document, settings.owned, patch, settings.replaced)
    differences = changes(settings.document, after)
    if not differences:
        return []
    owned = owned_after(settings.document, settings.owned, patch)
    replaced = former_after(settings.document, settings.owned, patch, settings.replaced)
    # no secret is stored a second time
    kept = {path: value for path, value in replaced.items() if path[0] not in _SECRET}
    step = WriteSettings(settings.user, settings.document, after, owned, settings.owned, kept, settings.replaced)
    told = "; ".join(f"{each.key}: changes" if each.path[0] in _SECRET else str(each) for each in differences)
    return [Action(f"write {settings.path}: {told}", step)]


def apply(step: WriteSettings) -> None:
    """Write one config.json, unless someone else changed it since it was read."""
    if config_json.load(step.user) != step.former:
        path = config_json.config_path(step.user)
        raise HostError(f"{path} was changed by someone else during the run, and was not overwritten: run again")
    # Recorded before it is written: a crash in between is completed by the next run.
    both = owned_keys.both(step.formerly_owned, step.owned)
    own(step.user, both, {**step.replaced, **step.formerly_replaced})
    config_json.save(step.user, step.document)
    own(step.user, step.owned, step.replaced)


def own(user: str, keys: Owned, replaced: Former) -> None:
    """Record the managed keys of the user's config.json; without any, forget it."""
    RECORD.update(
        lambda found: replace(
            found,
            client={each: rows for each, rows in {**found.client, user: keys}.items() if rows},
            replaced={each: rows for each, rows in {**found.replaced, user: replaced}.items() if rows},
        )
    )
