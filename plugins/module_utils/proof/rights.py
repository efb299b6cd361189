# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a registry refused a push: the login, its permissions, or the project, and the remedy. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes

# In addition to the outcomes of a login.
MAY_PUSH, PULL_ONLY, NO_RIGHTS, NO_PROJECT = "may push", "may pull only", "no rights", "no project"

# Harbor: src/server/middleware/v2auth/auth.go passes on the message of src/pkg/project/dao/dao.go.
_NO_PROJECT = re.compile(r"project \S+ not found")


@dataclass(frozen=True)
class Rights:
    """The permissions of *user*, logged in as *name*, at *registry* for *path*; *kind* is one of the above.

    *words* is the message of a failed login.
    """

    kind: str
    registry: str
    path: str
    user: str
    name: str = ""
    words: str = ""

    @property
    def project(self) -> str:
        """The unit of permissions: the first part of the path."""
        return self.path.partition("/")[0]


# BuildKit's message for a refused push; for a base image it begins differently, up to 0.31 at least.
_REFUSED = re.compile(
    r"denied|unauthorized|insufficient_scope|no basic auth credentials|authorization failed|40[13]\b", re.IGNORECASE
)
_OF_BASE = "failed to resolve source metadata"


def was_refused(words: str) -> bool:
    """Whether a build failed because its push was refused."""
    return bool(_REFUSED.search(words)) and _OF_BASE not in words


def scope_of(path: str) -> str:
    """The scope of a token for a push to *path*."""
    return f"repository:{path}:pull,push"


def kind_of(access: t.Optional[t.Mapping[str, t.FrozenSet[str]]], path: str, said: str) -> str:
    """A login's permissions, by the *access* of its token and by what the registry *said* about the path.

    It is LOGGED_IN if the token does not state any.
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
    """The messages of a registry's errors, "" if it sent none."""
    try:
        errors = json.loads(body)["errors"]
        return "; ".join(str(each["message"]) for each in errors)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def remedy(rights: Rights) -> str:
    """The problem and its remedy; "" if nothing is known beyond BuildKit's message."""
    whose = f"{rights.name}, the login of {rights.user} at {rights.registry}"
    entry = f"`username` and `password` of {rights.registry} in builder_registries"
    another = f"or give another {entry}, and run {TRUST}"
    told = {
        outcomes.NOT_LOGGED_IN: f"{rights.user} has no login at {rights.registry}: give {entry}, and run {TRUST}",
        outcomes.LOGIN_REFUSED: (
            f"The registry refuses {whose} ({rights.words}): fix {entry}, and run {TRUST}. Harbor sends the same for a "
            "robot account that is disabled or expired"
        ),
        outcomes.FORBIDDEN: (
            f"{whose}, is valid but has no permissions ({rights.words}): check there what it may do, and from which "
            f"addresses, {another}"
        ),
        outcomes.INVALID_TOKEN: (
            f"{rights.words}. So its clock or that of its token endpoint is wrong, or it does not trust the key that "
            "tokens are signed with. This cannot be fixed on this host"
        ),
        PULL_ONLY: (
            f"{whose}, may pull from {rights.path} but not push to it: grant it push there (Harbor: Push Repository), "
            f"{another}"
        ),
        NO_PROJECT: (
            f"{rights.registry} has no project {rights.project}: create it and grant {rights.name} push there, or name "
            "another in builder_verify_repository"
        ),
        NO_RIGHTS: (
            f"{whose}, has no permissions for {rights.path}: check that the project {rights.project} exists, as named "
            f"by builder_verify_repository, and grant it push there, {another}"
        ),
        outcomes.LOGGED_IN: (
            f"{whose}, is valid, but lacks permissions: check that the project {rights.project} exists, as named "
            f"by builder_verify_repository, and grant it push there, {another}"
        ),
        MAY_PUSH: (
            f"{whose}, may push to {rights.path} by its token, so there is another reason: a quota, a tag or a "
            "project that is read-only. Its message is above; check its logs, too"
        ),
    }
    return told.get(rights.kind, "")
