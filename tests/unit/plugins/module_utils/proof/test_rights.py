# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a push was refused, and what to do."""

from __future__ import annotations

import collections.abc

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.rights import (
    MAY_PUSH,
    NO_PROJECT,
    NO_RIGHTS,
    PULL_ONLY,
    Rights,
    kind_of,
    messages_in,
    remedy,
    scope_of,
    was_refused,
)

HOST = "harbor.example.com"


def test_the_scope_of_a_push() -> None:
    assert scope_of("ci/proof") == "repository:ci/proof:pull,push"


PUSH = f"ERROR: failed to build: failed to solve: failed to push {HOST}/ci/proof:proof: "
BLOB = f"https://{HOST}/v2/ci/proof/blobs"


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        pytest.param(
            f"{PUSH}push access denied, repository does not exist or may require authorization: server message: "
            "insufficient_scope: authorization failed",
            True,
            id="BuildKit 0.13, 0.32: a token without push, distribution",
        ),
        pytest.param(
            f"{PUSH}unexpected status from HEAD request to {BLOB}/sha256:0a: 401 Unauthorized",
            True,
            id="BuildKit 0.13, 0.32: Harbor, no rights, no project, or a wrong password",
        ),
        pytest.param(
            f"{PUSH}unexpected status from POST request to {BLOB}/uploads/: 401 Unauthorized",
            True,
            id="BuildKit 0.13: Harbor, may pull only",
        ),
        pytest.param(f"{PUSH}unauthorized: unauthorized to access repository: ci/proof, action: push", True, id="0.32"),
        pytest.param(f"{PUSH}denied: requested access to the resource is denied", True, id="BuildKit 0.32: 403"),
        pytest.param(
            f"{PUSH}unexpected status from POST request to {BLOB}/uploads/: 403 Forbidden",
            True,
            id="BuildKit 0.13: 403",
        ),
        pytest.param(
            "failed to solve: failed to fetch oauth token: unexpected status from GET request to "
            f"https://{HOST}/service/token?scope=repository%3Aci%2Fproof%3Apull%2Cpush&service=x: 401 Unauthorized",
            True,
            id="BuildKit 0.32: a wrong password, where that is said",
        ),
        pytest.param(
            f"failed to solve: {HOST}/base:1: failed to resolve source metadata for {HOST}/base:1: unexpected "
            f"status from "
            f"HEAD request to https://{HOST}/v2/base/manifests/1: 401 Unauthorized",
            False,
            id="a base image",
        ),
        pytest.param(f"{PUSH}unexpected status from HEAD request to {BLOB}: 502 Bad Gateway", False, id="a failure"),
        pytest.param(f"{PUSH}dial tcp 192.0.2.1:443: connect: connection refused", False, id="no answer"),
    ],
)
def test_was_refused(words: str, refused: bool) -> None:
    assert was_refused(words) is refused


NOT_FOUND = "project nope not found: project nope not found"


@pytest.mark.parametrize(
    ("access", "said", "kind"),
    [
        pytest.param({"ci/proof": ("pull", "push")}, "", MAY_PUSH, id="push"),
        pytest.param({"ci/proof": ("*",)}, "", MAY_PUSH, id="all"),
        pytest.param({"ci/proof": ("pull",)}, "", PULL_ONLY, id="pull"),
        pytest.param({"ci/proof": ()}, "unauthorized to access repository: ci/proof", NO_RIGHTS, id="nothing"),
        pytest.param({"ci/proof": ()}, NOT_FOUND, NO_PROJECT, id="no project"),
        pytest.param({}, "", NO_RIGHTS, id="not named"),
        pytest.param({"ci/other": ("push",)}, "", NO_RIGHTS, id="another one's"),
        pytest.param(None, NOT_FOUND, outcomes.LOGGED_IN, id="a token that tells nothing"),
    ],
)
def test_kind_of(access: dict[str, collections.abc.Sequence[str]] | None, said: str, kind: str) -> None:
    found = None if access is None else {name: frozenset(actions) for name, actions in access.items()}
    assert kind_of(found, "ci/proof", said) == kind


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (b'{"errors":[{"code":"UNAUTHORIZED","message":"one"},{"message":"two"}]}', "one; two"),
        (b'{"errors":[{"code":"UNAUTHORIZED"}]}', ""),
        (b'{"errors":null}', ""),
        (b"[]", ""),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_messages_in(body: bytes, messages: str) -> None:
    assert messages_in(body) == messages


WHOSE = f"robot$ci, the login of ci at {HOST}"
ENTRY = f"`username` and `password` of {HOST} in builder_registries"
ANOTHER = f"or give another {ENTRY}, and run playbooks/trust-registries.yml"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            outcomes.NOT_LOGGED_IN,
            f"ci has no login at {HOST}: give {ENTRY}, and run playbooks/trust-registries.yml",
        ),
        (
            outcomes.LOGIN_REFUSED,
            f"The registry refuses {WHOSE} (why): fix {ENTRY}, and run playbooks/trust-registries.yml. Harbor "
            "sends the same for a robot account that is disabled or expired",
        ),
        (
            outcomes.FORBIDDEN,
            f"{WHOSE}, is valid but has no permissions (why): check there what it may do, and from which addresses, "
            f"{ANOTHER}",
        ),
        (
            PULL_ONLY,
            f"{WHOSE}, may pull from ci/proof but not push to it: grant it push there (Harbor: Push Repository), "
            f"{ANOTHER}",
        ),
        (
            NO_PROJECT,
            f"{HOST} has no project ci: create it and grant robot$ci push there, or name another in "
            "builder_verify_repository",
        ),
        (
            NO_RIGHTS,
            f"{WHOSE}, has no permissions for ci/proof: check that the project ci exists, as named by "
            f"builder_verify_repository, and grant it push there, {ANOTHER}",
        ),
        (
            outcomes.LOGGED_IN,
            f"{WHOSE}, is valid, but lacks permissions: check that the project ci exists, as named by "
            f"builder_verify_repository, and grant it push there, {ANOTHER}",
        ),
        (
            MAY_PUSH,
            f"{WHOSE}, may push to ci/proof by its token, so there is another reason: a quota, a tag or a "
            "project that is read-only. Its message is above; check its logs, too",
        ),
        (
            outcomes.INVALID_TOKEN,
            "why. So its clock or that of its token endpoint is wrong, or it does not trust the key that tokens "
            "are signed "
            "with. This cannot be fixed on this host",
        ),
        (outcomes.SERVER_ERROR, ""),
    ],
)
def test_remedy(kind: str, words: str) -> None:
    assert remedy(Rights(kind, HOST, "ci/proof", "ci", "robot$ci", "why")) == words
