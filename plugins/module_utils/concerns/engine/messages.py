# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the engine's plan. Pure."""

from __future__ import annotations

import hashlib
import urllib.parse

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import Offer
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.decide import (
    LeavePlugin,
    PlacePlugin,
    PluginState,
    PluginStep,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import DOCKERS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import KEYRING
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.upgrade_plan import lines
from ansible_collections.multiarch.builders.plugins.module_utils.docker.buildx_plugin import FOLDERS, NAME
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Difference
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

PLACE = f"{FOLDERS[0]}/{NAME}"


def of_start(*, way_back: bool) -> str:
    """An installed dockerd that does not run."""
    words = "start docker, which is installed but not running"
    return words + ("; if it does not start, with the daemon.json that an interrupted run replaced" if way_back else "")


def of_offer(offer: Offer) -> str:
    """The packages that were asked for, and what comes with them."""
    source = "builder_engine_repository" if offer.names is DOCKERS else "the distribution"
    words = f"install {', '.join(f'{name} {offer.coming(name)}' for name in offer.asked)} from {source}"
    others = [name for name in offer.new if name not in offer.asked]
    words += f", with {', '.join(others)}" if others else ""
    upgraded = [f"{name} {old} → {new}" for name, (old, new) in offer.upgraded.items()]
    words += f"; upgrade {', '.join(upgraded)}" if upgraded else ""
    return words + ("; the host's package lists are incomplete and are refreshed first" if offer.fresh else "")


def difference_of(offer: Offer) -> Difference:
    """The packages before and after."""
    before = {name: old for name, (old, _new) in offer.upgraded.items()}
    after = {**offer.new, **{name: new for name, (_old, new) in offer.upgraded.items()}}
    return Difference("packages", lines(before), lines(after))


def of_plugin(step: PluginStep, place: PluginState, why: str = "builder_buildx_plugin is no longer set") -> str:
    """The action for the plugin's path; *why* ours is removed."""
    if isinstance(step, PlacePlugin):
        wanted = step.plugin
        source = of_url(wanted.url) if wanted.url else "the given file"
        words = (
            f"install buildx {wanted.version or ''}".rstrip()
            + f" from {source} (sha256:{wanted.sha256[:12]}…) as {PLACE}"
        )
        return words + (", in place of another" if place.digest is not None else "")
    if isinstance(step, LeavePlugin):
        what = f"restore buildx {place.otherwise} as" if place.former else "remove"
        return f"{what} {PLACE}" + (f": {why}" if why else "")
    return f"drop {PLACE} from the record: it was replaced by someone else"


def of_url(url: str) -> str:
    """*url* in a form that is safe for messages: without credentials and query."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def of_source(path: str, before: str = "", *, verb: str = "write") -> str:
    """One of the repository's two files for apt."""
    what = "the key of builder_engine_repository" if path == KEYRING else "builder_engine_repository for apt"
    return f"{verb} {path}: {what}" + (", in place of what is there" if before else "")


def difference_of_source(step: WriteFile, before: str) -> Difference:
    """The source as text; of a key only whether it is there."""
    if step.path == KEYRING:
        return Difference(step.path, _fingerprint(before), _fingerprint(step.content))
    return Difference(step.path, before, step.content)


def _fingerprint(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}\n" if text else ""
