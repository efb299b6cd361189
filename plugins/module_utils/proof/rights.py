# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a registry refused a push: the login, its rights, or the project, and what to do. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes

# Beside the outcomes of a login.
MAY_PUSH, PULL_ONLY, NO_RIGHTS, NO_PROJECT = "may push", "may pull only", "no rights", "no project"

# Harbor: src/server/middleware/v2auth/auth.go passes on what src/pkg/project/dao/dao.go says.
_NO_PROJECT = re.compile(r"project \S+ not found")


@dataclass(frozen=True)
class Rights:
    """What the login of *user*, by the name *name*, may do at *registry* in *path*; *kind* is one of the above.

    *words* are those of a login that failed.
    """

    kind: str
    registry: str
    path: str
    user: str
    name: str = ""
    words: str = ""

    @property
    def project(self) -> str:
        """What rights are given for: the first part of the path."""
        return self.path.partition("/")[0]


# What BuildKit says of a push that was refused; what it says of a base image begins otherwise, up to 0.31 at least.
_REFUSED = re.compile(
    r"denied|unauthorized|insufficient_scope|no basic auth credentials|authorization failed|40[13]\b", re.IGNORECASE
)
_OF_BASE = "failed to resolve source metadata"


def was_refused(words: str) -> bool:
    """Whether a build failed as its push was refused."""
    return bool(_REFUSED.search(words)) and _OF_BASE not in words


def scope_of(path: str) -> str:
    """The scope of a token for a push to *path*."""
    return f"repository:{path}:pull,push"


def kind_of(access: t.Optional[t.Mapping[str, t.FrozenSet[str]]], path: str, said: str) -> str:
    """What a login may do, by the *access* that its token tells, and what the registry *said* of the path.

    It is LOGGED_IN where the token tells nothing.
    """
    if access is None:
        return outcomes.LOGGED_IN
    actions = access.get(path, frozenset())
    if actions & {"push", "*"}:
        return MAY_PUSH
    if "pull" in actions:
        return PULL_ONLY
    return NO_PROJECT if _NO_PROJECT.search(said) else NO_RIGHTS


def messages_in(body: bytes) -> str:
    """The messages of a registry's errors, "" if it told none."""
    try:
        errors = json.loads(body)["errors"]
        return "; ".join(str(each["message"]) for each in errors)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def remedy(rights: Rights) -> str:
    """What it is, and what to do about it; "" where nothing is known but what BuildKit said."""
    whose = f"{rights.name}, the login of {rights.user} at {rights.registry}"
    entry = f"`username` and `password` of {rights.registry} in builder_registries"
    another = f"or give another {entry}, and run {TRUST}"
    told = {
        outcomes.NOT_LOGGED_IN: f"{rights.user} has no login at {rights.registry}: give {entry}, and run {TRUST}",
        outcomes.LOGIN_REFUSED: (
            f"The registry refuses {whose} ({rights.words}): mend {entry}, and run {TRUST}. Harbor says the same of a "
            "robot account that is disabled or has expired"
        ),
        outcomes.FORBIDDEN: (
            f"{whose}, is known there and may do nothing ({rights.words}): see there what it may do, and from which "
            f"addresses, {another}"
        ),
        outcomes.INVALID_TOKEN: (
            f"{rights.words}. So its clock or that of its token endpoint is wrong, or it does not know the key that "
            "tokens are signed with. Nothing on this host helps"
        ),
        PULL_ONLY: (
            f"{whose}, may pull from {rights.path}, not push to it: let it push there (in Harbor: Push Repository), "
            f"{another}"
        ),
        NO_PROJECT: (
            f"{rights.registry} has no project {rights.project}: make it and let {rights.name} push there, or name "
            "another in builder_verify_repository"
        ),
        NO_RIGHTS: (
            f"{whose}, has no rights in {rights.path}: see that the project {rights.project} exists, which is named by "
            f"builder_verify_repository, and let it push there, {another}"
        ),
        outcomes.LOGGED_IN: (
            f"{whose}, is right, so its rights are not: see that the project {rights.project} exists, which is named "
            f"by builder_verify_repository, and let it push there, {another}"
        ),
        MAY_PUSH: (
            f"{whose}, may push to {rights.path} by its token, so the registry has another reason: a quota, a tag or a "
            "project that is read-only. Its words are above; see its logs, too"
        ),
    }
    return told.get(rights.kind, "")
