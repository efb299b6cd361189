# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a proof that failed, as one table; the words are those of buildx and BuildKit."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import PROVISION, TRUST, remedy_of

PUSH = "failed to solve: failed to push harbor.example.com/ci/proof:proof"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        pytest.param("linux/arm64: a program of that platform does not run in an empty chroot", PROVISION, id="run"),
        pytest.param('process "/probe" did not complete: exec /probe: exec format error', PROVISION, id="exec"),
        pytest.param(f"{PUSH}: tls: failed to verify certificate: x509: unknown authority", TRUST, id="certificate"),
        pytest.param(f"{PUSH}: server message: insufficient_scope: authorization failed", "may push", id="no right"),
        pytest.param(f"{PUSH}: no basic auth credentials", "may push", id="no login"),
        pytest.param(f"{PUSH}: unexpected status from POST request: 403 Forbidden", "may push", id="forbidden"),
        pytest.param('no builder "multiarch" found', PROVISION, id="no builder"),
        pytest.param("dial tcp: lookup harbor.example.com: no such host", "resolves its name", id="name"),
        pytest.param("dial tcp 192.0.2.1:443: connect: connection refused", "reaches it", id="port"),
        pytest.param("dial tcp 127.0.0.1:5443: connect: connection refused", "network: host", id="loopback"),
        pytest.param("dial tcp [::1]:5443: connect: connection refused", "network: host", id="IPv6 loopback"),
        pytest.param(
            f"{PUSH}: unexpected status from HEAD request to http://harbor.example.com/v2/x: 400 Bad Request",
            "wants TLS",
            id="TLS",
        ),
        pytest.param("mkdir /var/lib/buildkit: no space left on device", "builder_gc", id="disk"),
        pytest.param("docker.io/library/none:latest: not found", "builder_verify_base", id="base"),
        pytest.param("something else", "BuildKit's", id="anything"),
    ],
)
def test_remedy_of(words: str, remedy: str) -> None:
    assert remedy in remedy_of(words)
