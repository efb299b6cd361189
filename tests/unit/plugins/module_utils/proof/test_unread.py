# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An authority that docker has not read, told by what it and the others said."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.registry import Row, Target, row
from ansible_collections.multiarch.builders.plugins.module_utils.proof.unread import unread_at, without_pulls

HARBOR, AUTH = "harbor.example", "auth.example:8443"
X509 = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
# recorded, with Docker 26.1 and 28.5
WORDS = {
    "anonymous": "image harbor.example/a:absent cannot be pulled: failed to resolve reference: failed to authorize: "
    'failed to fetch anonymous token: Get "https://{}/service/token?service=harbor-registry": ' + X509,
    "with a login": "failed to do request: failed to authorize: failed to fetch oauth token: Post "
    '"https://{}/service/token": ' + X509,
}


def dockerd(words: str) -> Row:
    return row(Target(HARBOR), "dockerd", "", words)


def plain(at: str, outcome: str) -> Row:
    return Row(HARBOR, "plain", "", outcome, "", at)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("at", [HARBOR, AUTH])
def test_who_gives_out_the_tokens(at: str, words: str) -> None:
    rows = [plain(HARBOR, "trusted"), dockerd(words.format(at))]
    assert unread_at(rows) == ((HARBOR, at),)
    assert without_pulls(rows)[0] == (rows[0],)
    assert len(without_pulls(rows)[1]) == 1


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([dockerd(f'Head "https://{HARBOR}/v2/a/manifests/absent": {X509}')], id="the registry itself"),
        pytest.param(
            [plain(HARBOR, "unknown authority"), dockerd(WORDS["anonymous"].format(HARBOR))], id="nobody trusts it"
        ),
        pytest.param([dockerd(WORDS["anonymous"].format(HARBOR).replace(X509, "connection refused"))], id="no answer"),
        pytest.param([plain(HARBOR, "trusted"), dockerd("unauthorized: authentication required")], id="trusted"),
    ],
)
def test_what_a_restart_would_not_mend(rows: list[Row]) -> None:
    assert unread_at(rows) == ()
