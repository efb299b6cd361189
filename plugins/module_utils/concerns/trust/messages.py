# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the concern trust, never with a secret."""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import (
    Login,
    Logout,
    host_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import fingerprints
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Difference
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile

_MOST_TOLD = 3  # certificates; a bundle of all public CAs has 150


def of_file(step: WriteFile, link: t.Optional[str] = None) -> str:
    """What is written, never its content: keys are secret, and PEM is not human-readable.

    *link* is the target of a link that is replaced.
    """
    instead = f", in place of the link to {link}" if link else ""
    if step.path.endswith(".key"):
        return f"write {step.path} (client key){instead}"
    found = fingerprints(step.content).splitlines()
    told = [each[:27] + "…" for each in found[:_MOST_TOLD]]
    more = [f"and {len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else []
    return f"write {step.path} ({', '.join(told + more)}){instead}"


def difference_of(step: WriteFile, before: str) -> t.Optional[Difference]:
    """The fingerprints *before* and after; none for a key."""
    return None if step.path.endswith(".key") else Difference(step.path, before, fingerprints(step.content))


def of_removal(step: RemoveFile, *, was_theirs: bool) -> str:
    """What is removed or restored."""
    return f"restore {step.path} to its previous content" if was_theirs else f"remove {step.path}"


def of_login(step: Login, replaced: t.Optional[str] = None) -> str:
    """Who is logged in, where and as whom; *replaced* is the name in a replaced foreign login."""
    instead = f", in place of {replaced}, whose login is not kept" if replaced else ""
    return f"log {step.user} in to {step.registry.host} as {step.registry.username}{instead}"


def of_logout(step: Logout, why: str, replaced: t.Optional[str] = None) -> str:
    """Who is logged out and why, or what is dropped from the record. *replaced* is the name in the former login."""
    user, host = step.place.user, host_of(step.place.server)
    if not step.ours:
        return f"drop the login of {user} to {host} from the record: it was removed or changed by someone else"
    before = f"; {replaced} has to log in again, that login was not kept" if replaced else ""
    return f"log {user} out of {host}{why}{before}"


def reason(step: t.Union[RemoveFile, Logout], registries: t.Sequence[Registry], users: t.Sequence[str]) -> str:
    """Why it is no longer required, for the end of a sentence."""
    if isinstance(step, RemoveFile):
        return ", no longer in builder_registries" if step.owner is None else ", no longer wanted for a rootless Docker"
    if step.place.user not in users:
        return ", no longer in builder_users"
    if any(each.host == host_of(step.place.server) and each.username for each in registries):
        return ", as config.json names another place for that login now"
    return ", no longer in builder_registries"
