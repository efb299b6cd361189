# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a proof that failed, as one table; the words are those of buildx and BuildKit."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import TRUST
from ansible_collections.multiarch.builders.plugins.module_utils.proof.remedy import (
    PROVISION,
    of_settings,
    remedy_of,
)

PUSH = "failed to solve: failed to push harbor.example.com/ci/proof:proof"
OAUTH = "failed to fetch oauth token: "
STATUS = "unexpected status from POST request to https://harbor.example.com"
ARTIFACTS = "builder_environment: {BUILDX_NO_DEFAULT_OCI_ARTIFACT: true} (buildx 0.36.1 and newer)"
NO_CLIENT_TOKEN = "builder_environment: {BUILDKIT_NO_CLIENT_TOKEN: true}"
TOKEN = "failed to authorize: failed to fetch oauth token"
ANONYMOUS = "failed to authorize: failed to fetch anonymous token"
X509 = "tls: failed to verify certificate: x509: certificate signed by unknown authority"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        pytest.param('process "/probe" did not complete: exec /probe: exec format error', PROVISION, id="exec"),
        pytest.param(f"{PUSH}: tls: failed to verify certificate: x509: unknown authority", TRUST, id="certificate"),
        pytest.param(f"{PUSH}: server message: insufficient_scope: authorization failed", "may push", id="no right"),
        pytest.param(f"{PUSH}: no basic auth credentials", "may push", id="no login"),
        pytest.param(f"{PUSH}: unexpected status from POST request: 403 Forbidden", "may push", id="forbidden"),
        pytest.param('no builder "multiarch" found', PROVISION, id="no builder"),
        pytest.param("dial tcp: lookup harbor.example.com: no such host", "resolves its name", id="name"),
        pytest.param(
            "dial tcp: lookup harbor.example.com: Temporary failure in name resolution", "resolves its name", id="glibc"
        ),
        pytest.param("dial tcp 192.0.2.1:443: connect: connection refused", "reaches it", id="port"),
        pytest.param("dial tcp 127.0.0.1:5443: connect: connection refused", "network: host", id="loopback"),
        pytest.param("dial tcp [::1]:5443: connect: connection refused", "network: host", id="IPv6 loopback"),
        pytest.param(
            f"{PUSH}: unexpected status from HEAD request to http://harbor.example.com/v2/x: 400 Bad Request",
            "requires TLS",
            id="TLS",
        ),
        pytest.param("mkdir /var/lib/buildkit: no space left on device", "builder_gc", id="disk"),
        pytest.param("docker.io/library/none:latest: not found", "builder_verify_base", id="base"),
        pytest.param(
            f"{OAUTH}{STATUS}/service/token: 500 Internal Server Error",
            "answers with an error: check its logs",
            id="tokens: 500",
        ),
        pytest.param(
            f"{PUSH}: {STATUS}/v2/ci/proof/blobs/x: 502 Bad Gateway",
            "answers with an error: check its logs",
            id="core: 502",
        ),
        pytest.param(
            f"failed to solve: {OAUTH}unknown: internal server error",
            "answers with an error: check its logs",
            id="tokens, JSON",
        ),
        pytest.param(f"failed to solve: {OAUTH}{STATUS}/t: 404 Not Found", "auth.token.realm", id="no endpoint"),
        pytest.param(f"{PUSH}: server message: invalid_token: authorization failed", "clocks", id="token not valid"),
        pytest.param(
            f'{OAUTH}Post "https://a/t": dial tcp: lookup a: no such host', "resolves its name", id="tokens: no name"
        ),
        pytest.param(
            f'{OAUTH}Post "https://a/t": net/http: TLS handshake timeout', "reaches it", id="tokens: no answer"
        ),
        pytest.param(f'{OAUTH}Post "https://a/t": EOF', "token endpoint runs", id="tokens: hung up"),
        pytest.param(f"{PUSH}: unknown: blob unknown to registry - sha256:63adb", ARTIFACTS, id="GitLab"),
        pytest.param(
            f"{PUSH}: denied: unknown manifest class for application/vnd.oci.empty.v1+json", ARTIFACTS, id="Aliyun"
        ),
        pytest.param(
            f'{PUSH}: failed commit on ref "manifest-sha256:6f0": unexpected status: 400 Bad Request',
            ARTIFACTS,
            id="Artifactory 6",
        ),
        pytest.param(
            f"{PUSH}: unexpected status from PUT request to https://h/v2/p/manifests/sha256:6f0: 400 Bad Request",
            ARTIFACTS,
            id="a manifest",
        ),
        pytest.param(f"{PUSH}: manifest invalid: manifest invalid", ARTIFACTS, id="an invalid manifest"),
        pytest.param(
            f"{PUSH}: unexpected status from PUT request to https://h/v2/p/manifests/x: 403 Forbidden",
            "may push",
            id="a manifest without the right",
        ),
        pytest.param(f'{PUSH}: {TOKEN}: Post "https://h/service/token": {X509}', NO_CLIENT_TOKEN, id="buildx's trust"),
        pytest.param(f'{ANONYMOUS}: Get "https://h/token": {X509}', NO_CLIENT_TOKEN, id="without a login"),
        pytest.param(f'{TOKEN}: Post "https://h/token": dial tcp: i/o timeout', NO_CLIENT_TOKEN, id="buildx's way"),
        pytest.param(f"{TOKEN}: unexpected status from POST request to h: 401 Unauthorized", "may push", id="wrong"),
        pytest.param("something else", "BuildKit's", id="anything"),
    ],
)
def test_remedy_of(words: str, remedy: str) -> None:
    assert remedy in (of_settings(words, {}) or remedy_of(words))


@pytest.mark.parametrize(
    ("words", "environment", "remedy"),
    [
        (f"{PUSH}: manifest invalid", {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}, ""),
        (f"{PUSH}: manifest invalid", {"BUILDX_NO_DEFAULT_ATTESTATIONS": "0"}, ARTIFACTS),
        (f"{TOKEN}: {X509}", {"BUILDKIT_NO_CLIENT_TOKEN": "1"}, ""),
        (f"{TOKEN}: {X509}", {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}, NO_CLIENT_TOKEN),
    ],
)
def test_a_setting_that_is_there_is_not_asked_for(words: str, environment: dict[str, str], remedy: str) -> None:
    found = of_settings(words, environment)
    assert remedy in found
    assert bool(remedy) is bool(found)
