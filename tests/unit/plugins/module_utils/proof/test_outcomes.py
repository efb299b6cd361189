# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What words, codes and statuses prove. Words marked with versions were recorded on hosts of the lab."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.proof import outcomes
from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import (
    about,
    asked,
    cause,
    is_closed,
    last_words,
    may_hide_a_token,
    outcome_of,
    outcome_of_code,
    wants_certificate,
    words_of_status,
)
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.proof.every_outcome import OUTCOMES

IMAGE = "multiarch-builders/proof"
HEAD = 'failed to do request: Head "https://harbor.lab.test/v2/multiarch-builders/proof/manifests/absent": '
DOCKERD = f'failed to resolve reference "harbor.lab.test/multiarch-builders/proof:absent": {HEAD}'
BUILDER = (
    "failed to solve: harbor.lab.test/multiarch-builders/proof:absent: failed to resolve source metadata for "
    f"harbor.lab.test/multiarch-builders/proof:absent: {HEAD}"
)
ABSENT = "harbor.lab.test/multiarch-builders/proof:absent: not found"
TLS = "tls: failed to verify certificate: x509: "


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        pytest.param(
            f'{DOCKERD}{TLS}certificate signed by unknown authority (possibly because of "x509: cannot verify '
            'signature: insecure algorithm SHA1-RSA" while trying to verify candidate authority certificate "root")',
            "weak signature",
            id="Docker 26.1, 28.5: SHA-1",
        ),
        pytest.param(
            f"unexpected status from HEAD request to http://localhost:5443/v2/{IMAGE}/manifests/absent: "
            "400 Bad Request",
            "TLS wanted",
            id="buildx 0.13 and 0.29, Docker 26.1: HTTP to a registry on loopback",
        ),
        pytest.param(
            f"unexpected status from HEAD request to https://harbor.lab.test/v2/{IMAGE}/manifests/absent: "
            "400 Bad Request",
            "other",
            id="a bad request with TLS",
        ),
        pytest.param(ABSENT, "trusted", id="buildx 0.13 and 0.29: imagetools"),
        pytest.param(f"failed to build: failed to solve: {ABSENT}", "trusted", id="buildx 0.29: build"),
        pytest.param(
            f'failed to resolve reference "harbor.lab.test/{IMAGE}:absent": {ABSENT}', "trusted", id="Docker 26.1, 28.5"
        ),
        pytest.param(
            f'dockerd refused POST /v1.45/images/create: failed to resolve reference "harbor.lab.test/{IMAGE}:absent": '
            "pull access denied, repository does not exist or may require authorization: authorization failed: "
            "no basic auth credentials",
            "trusted",
            id="Docker 26.1, 28.5: without a login",
        ),
        pytest.param(
            f"manifest for harbor.lab.test/{IMAGE}:absent not found: manifest unknown: manifest unknown",
            "trusted",
            id="dockerd, its own image store (distribution, errors.go)",
        ),
        pytest.param(
            f"pull access denied for harbor.lab.test/{IMAGE}, repository does not exist or may require 'docker login': "
            "denied: requested access to the resource is denied",
            "trusted",
            id="dockerd, its own image store, denied",
        ),
        pytest.param(
            f"unexpected status from HEAD request to https://harbor.lab.test/v2/{IMAGE}/manifests/absent: "
            "403 Forbidden",
            "trusted",
            id="containerd, remotes/docker: forbidden",
        ),
        pytest.param(
            "failed to authorize: failed to fetch oauth token: unexpected status from POST request to "
            "https://harbor.lab.test/service/token: 401 Unauthorized",
            "trusted",
            id="containerd, remotes/docker/auth: a login that is wrong",
        ),
        pytest.param(
            f"unexpected status from HEAD request to https://harbor.lab.test/v2/{IMAGE}/manifests/absent: "
            "502 Bad Gateway",
            "server error",
            id="nobody behind a reverse proxy",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate signed by unknown authority", "unknown authority", id="buildx 0.13, 0.29: unknown"
        ),
        pytest.param(
            f"{BUILDER}{TLS}certificate signed by unknown authority", "unknown authority", id="BuildKit 0.13: unknown"
        ),
        pytest.param(
            f'Get "https://harbor.lab.test/v2/": {TLS}certificate signed by unknown authority',
            "unknown authority",
            id="Docker 26.1, 28.5, its own image store: unknown",
        ),
        pytest.param(
            'Get "https://r.example/v2/": x509: certificate signed by unknown authority (possibly because of "x509: '
            'invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify '
            'candidate authority certificate "r")',
            "unknown authority",
            id="crypto/x509, verify.go: UnknownAuthorityError with a hint",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate is valid for harbor.lab.test, not mirror.lab.test",
            "name mismatch",
            id="buildx 0.13, 0.29: another name",
        ),
        pytest.param(
            f"{DOCKERD}{TLS}certificate is valid for harbor.lab.test, not mirror.lab.test",
            "name mismatch",
            id="Docker 26.1, 28.5: another name",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate is not valid for any names, but wanted to match a.example",
            "name mismatch",
            id="crypto/x509, verify.go: HostnameError, no names",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate relies on legacy Common Name field, use SANs instead",
            "name mismatch",
            id="crypto/x509, verify.go: HostnameError, a common name alone",
        ),
        pytest.param(
            f"{HEAD}{TLS}cannot validate certificate for 198.51.100.2 because it doesn't contain any IP SANs",
            "name mismatch",
            id="crypto/x509, verify.go: HostnameError, an address",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate has expired or is not yet valid: current time 2026-11-21T09:00:00Z is after "
            "2026-01-01T00:00:00Z",
            "expired",
            id="crypto/x509, verify.go: CertificateInvalidError, too old",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate has expired or is not yet valid: current time 2026-11-21T09:00:00Z is before "
            "2027-01-01T00:00:00Z",
            "not yet valid",
            id="crypto/x509, verify.go: CertificateInvalidError, too new",
        ),
        pytest.param(
            f"{HEAD}{TLS}certificate specifies an incompatible key usage",
            "other",
            id="crypto/x509, verify.go: what no remedy here fits",
        ),
        pytest.param(
            f"{HEAD}remote error: tls: certificate required",
            "client certificate wanted",
            id="Docker 26.1, 28.5: TLS 1.3",
        ),
        pytest.param(
            f"{HEAD}remote error: tls: bad certificate", "client certificate wanted", id="crypto/tls, alert.go: TLS 1.2"
        ),
        pytest.param(
            f"{HEAD}remote error: tls: handshake failure",
            "client certificate wanted",
            id="RFC 5246, 7.4.6: OpenSSL with TLS 1.2",
        ),
        pytest.param(
            f"{HEAD}remote error: tls: unknown certificate authority",
            "client certificate wanted",
            id="crypto/tls, alert.go: another's certificate",
        ),
        pytest.param(
            f"{HEAD}http: server gave HTTP response to HTTPS client", "no TLS", id="net/http, transport.go: HTTP"
        ),
        pytest.param(
            f"{DOCKERD}tls: first record does not look like a TLS handshake", "no TLS", id="Docker 26.1: HTTP"
        ),
        pytest.param(
            f"{DOCKERD}dial tcp 198.51.100.2:81: connect: connection refused",
            "no answer",
            id="Docker 26.1: closed port",
        ),
        pytest.param(
            f"{HEAD}dial tcp: lookup nope.lab.test on 198.51.100.2:53: no such host", "no answer", id="buildx: no name"
        ),
        pytest.param(
            f"{DOCKERD}dial tcp: lookup nope.lab.test: Temporary failure in name resolution",
            "no answer",
            id="dockerd that asks glibc: no name server",
        ),
        pytest.param(f"{DOCKERD}unexpected EOF", "no answer", id="the connection ends within the answer"),
        pytest.param(
            f"{BUILDER}dial tcp 198.51.100.200:443: connect: no route to host", "no answer", id="BuildKit: no host"
        ),
        pytest.param(f"{HEAD}dial tcp 192.0.2.1:443: i/o timeout", "no answer", id="net: dropped"),
        pytest.param(f"{HEAD}net/http: TLS handshake timeout", "no answer", id="net/http: a server that says nothing"),
        pytest.param(f"{HEAD}EOF", "no answer", id="net/http: hung up"),
        pytest.param(f"{HEAD}http2: client conn could not be established", "no answer", id="buildx 0.29: hung up"),
        pytest.param(f"{HEAD}write tcp 192.0.2.1:1->192.0.2.2:2: write: broken pipe", "no answer", id="buildx 0.13"),
        pytest.param("dockerd does not answer on /var/run/docker.sock: timed out", "no answer", id="our time is over"),
        pytest.param(
            "`docker buildx build -` did not finish within 30 s", "no answer", id="our time is over, a client"
        ),
        pytest.param('no builder "multiarch" found', "other", id="buildx: no builder"),
        pytest.param("docker is not on this host", "other", id="no client"),
        pytest.param(
            f'permission denied while trying to connect to the Docker daemon: Get "http://docker/{IMAGE}": dial unix '
            "/var/run/docker.sock: connect: permission denied",
            "other",
            id="a user who may not use docker",
        ),
        pytest.param("nothing said", "other", id="nothing"),
    ],
)
def test_outcome_of(words: str, outcome: str) -> None:
    assert outcome in OUTCOMES
    assert outcome_of(words, IMAGE) == outcome


POST = "unexpected status from POST request to https://harbor.lab.test/service/token: "
GET = (
    "unexpected status from GET request to "
    "https://harbor.lab.test/service/token?scope=repository%3Amultiarch-builders%2F"
    "proof%3Apull&service=harbor-registry: "
)
OAUTH, ANONYMOUS = "failed to fetch oauth token: ", "failed to fetch anonymous token: "
RESOLVE = f'failed to resolve reference "harbor.lab.test/{IMAGE}:absent": '
SOURCE = (
    f"failed to build: failed to solve: harbor.lab.test/{IMAGE}:absent: failed to resolve source metadata for "
    f"harbor.lab.test/{IMAGE}:absent: "
)
MANIFEST = f"unexpected status from HEAD request to https://harbor.lab.test/v2/{IMAGE}/manifests/absent: "
DENIED = f"pull access denied for harbor.lab.test/{IMAGE}, repository does not exist or may require 'docker login'"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        # the token endpoint answers 500, 502 or 503
        pytest.param(
            f"{RESOLVE}failed to authorize: {ANONYMOUS}{GET}500 Internal Server Error", "server error", id="26.1"
        ),
        pytest.param(
            f"unknown: {RESOLVE}failed to authorize: {ANONYMOUS}{GET}502 Bad Gateway",
            "server error",
            id="28.5, no JSON",
        ),
        pytest.param("error from registry: unknown: unknown", "server error", id="28.5, distribution's JSON"),
        pytest.param("error from registry: unavailable: unavailable", "server error", id="28.5, JSON of a 503"),
        pytest.param("error from registry: internal server error", "server error", id="28.5, Harbor's JSON"),
        pytest.param(
            f"failed to authorize: {OAUTH}{POST}500 Internal Server Error", "server error", id="buildx 0.13, 0.29, 0.36"
        ),
        pytest.param(f"{SOURCE}failed to authorize: {OAUTH}{POST}502 Bad Gateway", "server error", id="BuildKit 0.13"),
        pytest.param(
            f"failed to build: failed to solve: {OAUTH}{POST}502 Bad Gateway: <html>not found</html>",
            "server error",
            id="BuildKit 0.32: with what was said",
        ),
        pytest.param(f"{SOURCE}failed to authorize: {OAUTH}unknown", "server error", id="buildx 0.29, JSON"),
        pytest.param(f"failed to solve: {OAUTH}unavailable", "server error", id="BuildKit 0.32, JSON of a 503"),
        pytest.param(
            f"failed to solve: {OAUTH}unknown: internal server error", "server error", id="0.32, Harbor's JSON"
        ),
        # Harbor's core is down
        pytest.param(f"unknown: {RESOLVE}{MANIFEST}502 Bad Gateway", "server error", id="28.5: core"),
        pytest.param(f"{SOURCE}{MANIFEST}502 Bad Gateway", "server error", id="BuildKit 0.13, 0.32: core"),
        pytest.param(
            "received unexpected HTTP status: 502 Bad Gateway", "server error", id="dockerd, its own image store: core"
        ),
        pytest.param(
            'error parsing HTTP 500 response body: invalid character: "<html>"',
            "server error",
            id="dockerd, its own image store: 500",
        ),
        # a token of tomorrow, or of another key
        pytest.param(
            "pull access denied, repository does not exist or may require authorization: server message: "
            "invalid_token: "
            "authorization failed",
            "token not valid",
            id="buildx 0.13, 0.29, 0.36: a token that is not valid",
        ),
        # the realm is wrong
        pytest.param(f"failed to solve: {OAUTH}{GET}404 Not Found", "other", id="BuildKit 0.32: 404"),
        pytest.param(f"{RESOLVE}failed to authorize: {ANONYMOUS}{GET}400 Bad Request", "other", id="26.1: 400"),
        pytest.param(
            f"error from registry: {RESOLVE}failed to authorize: {ANONYMOUS}{GET}400 Bad Request",
            "other",
            id="28.5: 400",
        ),
        # the token endpoint is down
        pytest.param(
            f'{RESOLVE}failed to authorize: {ANONYMOUS}Get "https://auth.lab.test/token?service=x": dial tcp '
            "198.51.100.27:443: connect: connection refused",
            "no answer",
            id="26.1, 28.5: refused",
        ),
        pytest.param(
            f'failed to solve: {OAUTH}Post "https://auth.lab.test/token": dial tcp: lookup auth.lab.test on '
            "198.51.100.2:53: no such host",
            "no answer",
            id="BuildKit 0.32: no name",
        ),
        # a refusal is no failure of trust
        pytest.param(DENIED, "trusted", id="26.1, 28.5: a token that is not valid, or not enough"),
        pytest.param(f"unknown: {RESOLVE}failed to authorize: {OAUTH}{GET}401 Unauthorized", "trusted", id="28.5: 401"),
        pytest.param(
            f"{RESOLVE}failed to authorize: {ANONYMOUS}{GET}401 Unauthorized", "trusted", id="26.1: anonymous"
        ),
        pytest.param("error from registry: incorrect username or password", "trusted", id="28.5: 401 with JSON"),
        pytest.param("error from registry: access forbidden", "trusted", id="28.5: GitLab's 403"),
        pytest.param(f"failed to solve: {OAUTH}{GET}401 Unauthorized", "trusted", id="BuildKit 0.32: 401"),
        pytest.param(f"failed to solve: {OAUTH}unauthorized: incorrect username", "trusted", id="0.32: 401 with JSON"),
        pytest.param(f"failed to solve: {OAUTH}denied: access forbidden", "trusted", id="BuildKit 0.32: GitLab's 403"),
        pytest.param(f"{SOURCE}{MANIFEST}401 Unauthorized", "trusted", id="BuildKit: a token that is not enough"),
    ],
)
def test_tokens_and_failing_registries(words: str, outcome: str) -> None:
    """Recorded with Docker 26.1.5 and 28.5.2, buildx 0.13.1, 0.29.1 and 0.36.1, BuildKit 0.13.2 and 0.32.2."""
    assert outcome_of(words, IMAGE) == outcome


@pytest.mark.parametrize(
    ("words", "may"),
    [
        pytest.param(DENIED, True, id="dockerd"),
        pytest.param(f"{SOURCE}{MANIFEST}401 Unauthorized", True, id="BuildKit"),
        pytest.param("unauthorized: authentication required", True, id="dockerd, its own image store"),
        pytest.param(
            f"{RESOLVE}pull access denied, repository does not exist or may require authorization: "
            f"authorization failed: "
            "no basic auth credentials",
            False,
            id="no login was sent",
        ),
        pytest.param(ABSENT, False, id="it was let in"),
    ],
)
def test_may_hide_a_token(words: str, may: bool) -> None:
    assert may_hide_a_token(words) is may


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        pytest.param(2, "unknown authority", id="UNABLE_TO_GET_ISSUER_CERT"),
        pytest.param(9, "not yet valid", id="CERT_NOT_YET_VALID"),
        pytest.param(10, "expired", id="CERT_HAS_EXPIRED"),
        pytest.param(18, "unknown authority", id="DEPTH_ZERO_SELF_SIGNED_CERT"),
        pytest.param(19, "unknown authority", id="SELF_SIGNED_CERT_IN_CHAIN"),
        pytest.param(20, "unknown authority", id="UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
        pytest.param(21, "unknown authority", id="UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        pytest.param(62, "name mismatch", id="HOSTNAME_MISMATCH"),
        pytest.param(64, "name mismatch", id="IP_ADDRESS_MISMATCH"),
        pytest.param(66, "other", id="EE_KEY_TOO_SMALL"),
        pytest.param(68, "weak signature", id="CA_MD_TOO_WEAK"),
    ],
)
def test_outcome_of_code(code: int, outcome: str) -> None:
    assert outcome_of_code(code) == outcome


@pytest.mark.parametrize(
    ("reason", "wants"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", True),
        ("SSLV3_ALERT_BAD_CERTIFICATE", True),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", True),
        ("TLSV1_ALERT_UNKNOWN_CA", True),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", True),
        ("TLSV1_ALERT_PROTOCOL_VERSION", False),
        ("WRONG_VERSION_NUMBER", False),
        (None, False),
    ],
)
def test_wants_certificate(reason: str | None, wants: bool) -> None:
    assert wants_certificate(reason) is wants


@pytest.mark.parametrize(
    ("words", "closed"),
    [
        (f"{HEAD}write tcp 192.0.2.1:1->192.0.2.2:2: write: broken pipe", True),
        (f"{HEAD}read tcp 192.0.2.1:1->192.0.2.2:2: read: connection reset by peer", True),
        (f"{HEAD}http2: client conn could not be established", True),
        (f"{HEAD}dial tcp 192.0.2.2:2: connect: connection refused", False),
    ],
)
def test_is_closed(words: str, closed: bool) -> None:
    assert is_closed(words) is closed


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(
            "#2 ERROR: not this\n------\nDockerfile:1\n  1 | >>> FROM x\n--\nERROR: failed to solve: x: not found\n\n",
            "failed to solve: x: not found",
            id="a build",
        ),
        pytest.param("ERROR: x: not found\n\nView build details: docker-desktop://x", "x: not found", id="words after"),
        pytest.param(
            "#2 ERROR: x\nERROR: failed to solve: x: 403 Forbidden\ndenied\n",
            "failed to solve: x: 403 Forbidden: denied",
            id="two lines: what the registry said, too",
        ),
        pytest.param("one\n two \n", "two", id="the last line, where none is an error"),
        pytest.param(" \n", "nothing said", id="nothing"),
        pytest.param("ERROR: " + "x" * 2000, "… " + "x" * 1000, id="too much"),
        pytest.param("ERROR: " + "word " * 300 + "why", "… " + "word " * 199 + "why", id="too much, in whole words"),
    ],
)
def test_last_words(said: str, words: str) -> None:
    assert last_words(said) == words


@pytest.mark.parametrize(
    ("words", "host", "why"),
    [
        (f"{BUILDER}{TLS}certificate x", "harbor.lab.test", f"{TLS}certificate x"),
        (
            'Head "https://mirror.lab.test:5000/v2/p/manifests/absent?ns=docker.io": x509: y',
            "mirror.lab.test:5000",
            "x509: y",
        ),
        (
            'Head "https://r.example/v2/": failed to fetch anonymous token: Get "https://auth.example/t?s=1": EOF',
            "auth.example",
            "token endpoint https://auth.example/t: EOF",
        ),
        (
            f"{RESOLVE}failed to authorize: {ANONYMOUS}{GET}500 Internal Server Error",
            "harbor.lab.test",
            "token endpoint https://harbor.lab.test/service/token answered 500 Internal Server Error",
        ),
        (
            f"failed to solve: {OAUTH}{POST}502 Bad Gateway: <html>",
            "harbor.lab.test",
            "token endpoint https://harbor.lab.test/service/token answered 502 Bad Gateway: <html>",
        ),
        (f"failed to solve: {OAUTH}unknown", "", "the token endpoint answered: unknown"),
        (
            f"{SOURCE}{MANIFEST}502 Bad Gateway",
            "harbor.lab.test",
            f"https://harbor.lab.test/v2/{IMAGE}/manifests/absent answered 502 Bad Gateway",
        ),
        (
            "unexpected status from HEAD request to https://mirror.lab.test:5000/v2/p/manifests/1?ns=docker.io: "
            "502 Bad "
            "Gateway",
            "mirror.lab.test:5000",
            "https://mirror.lab.test:5000/v2/p/manifests/1 answered 502 Bad Gateway",
        ),
        (ABSENT, "", ABSENT),
    ],
)
def test_whom_words_are_about_and_why(words: str, host: str, why: str) -> None:
    assert (asked(words), cause(words)) == (host, why)


FETCHED = "failed to authorize: failed to fetch oauth token"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param('Head "https://a.b/v2/": tls: because', "", id="the registry"),
        pytest.param(f'{FETCHED}: Post "https://a.b/t": EOF', outcomes.ENDPOINT, id="no answer"),
        pytest.param(
            f"{FETCHED}: unexpected status from POST request to https://a.b/t: 404 Not Found",
            outcomes.NO_ENDPOINT,
            id="nobody gives out tokens there",
        ),
        pytest.param(
            f"{FETCHED}: unexpected status from POST request to https://a.b/t: 503 Service Unavailable",
            outcomes.ENDPOINT,
            id="it fails",
        ),
        pytest.param("rpc error: listing workers for Build: EOF", outcomes.ASLEEP, id="a BuildKit that starts"),
    ],
)
def test_what_words_are_about(words: str, told: str) -> None:
    assert about(words) == told


@pytest.mark.parametrize(
    ("status", "reason", "body", "words"),
    [
        (200, "OK", b"{}", "HTTP 200 OK"),
        (401, "Unauthorized", b'{"errors":[]}', "HTTP 401 Unauthorized"),
        (
            400,
            "Bad Request",
            b"Client sent an HTTP request to an HTTPS server.\n",
            "HTTP 400 Bad Request: Client sent an HTTP request to an HTTPS server.",
        ),
        (502, "Bad Gateway", b"<html>\r\n<center>nginx</center>", "HTTP 502 Bad Gateway"),
        (503, "", b"\xff\x00", "HTTP 503"),
    ],
)
def test_words_of_status(status: int, reason: str, body: bytes, words: str) -> None:
    assert words_of_status(status, reason, body) == words
