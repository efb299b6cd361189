# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What messages, codes and statuses prove about trust in a registry and about logins: one outcome each. Pure.

Messages are those of Go (crypto/x509, crypto/tls, net, net/http), passed on by dockerd, buildx and BuildKit, and of the
libraries for registries: containerd (core/remotes/errors/errors.go, core/remotes/docker/authorizer.go,
resolver.go and auth/fetch.go), distribution (registry/client/errors.go), BuildKit (util/errutil/errutil.go), and
dockerd since 28.2 (moby, daemon/containerd/registry_errors.go).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes.buildkit import last_error
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import last_line

TRUSTED = "trusted"
UNKNOWN_AUTHORITY = "unknown authority"
WEAK_SIGNATURE = "weak signature"
NAME_MISMATCH = "name mismatch"
EXPIRED = "expired"
NOT_YET_VALID = "not yet valid"
CLIENT_CERTIFICATE = "client certificate wanted"
NO_TLS = "no TLS"
TLS_WANTED = "TLS wanted"
NO_ANSWER = "no answer"
SERVER_ERROR = "server error"
INVALID_TOKEN = "token not valid"
OTHER = "other"
# For logins only.
LOGGED_IN = "logged in"
NOT_LOGGED_IN = "not logged in"
LOGIN_REFUSED = "login refused"
FORBIDDEN = "forbidden"
PROVEN = frozenset((TRUSTED, LOGGED_IN))

# The subject of an outcome, if it is neither the registry's connection nor its certificate.
ENDPOINT = "token endpoint"
NO_ENDPOINT = "no token endpoint"  # the server there is not a token endpoint
PLAIN_ENDPOINT = "token endpoint without TLS"
NETWORK = "network of the container"
ASLEEP = "builder without BuildKit"

_LONGEST = 1000  # characters of a message

# containerd's messages about an answer and a token; up to 1.7 it wrote "code" in place of "from".
STATUS = r"unexpected status(?: code)? (?:from \w+ request to )?\S+: "
FETCHING = r"failed to fetch (?:oauth |anonymous )?token: "

# The first match counts.
_SAID: t.Tuple[t.Tuple[str, t.Pattern[str]], ...] = tuple(
    (outcome, re.compile("|".join(patterns)))
    for outcome, patterns in (
        (
            SERVER_ERROR,
            (
                f"{STATUS}5\\d\\d\\b",
                r"received unexpected HTTP status: 5\d\d\b",
                r"error parsing HTTP 5\d\d response body",
                # the text of a JSON error: distribution's codes of 5xx, and Harbor's
                f"(?:error from registry: |{FETCHING})(?:unknown|(?:service )?unavailable|internal server error)\\b",
            ),
        ),
        (INVALID_TOKEN, ("server message: invalid_token",)),
        # No token endpoint there: the realm is wrong.
        (OTHER, (f"{FETCHING}{STATUS}(?:400|404|405)\\b",)),
        # Given as the reason for an unknown authority (crypto/x509, InsecureAlgorithmError).
        (WEAK_SIGNATURE, ("x509: cannot verify signature: insecure algorithm",)),
        (UNKNOWN_AUTHORITY, ("x509: certificate signed by unknown authority",)),
        (
            NAME_MISMATCH,
            (
                "x509: certificate is valid for .*, not ",
                "x509: certificate is not valid for any names",
                "x509: cannot validate certificate for ",
                "x509: certificate relies on legacy Common Name",
            ),
        ),
        (NOT_YET_VALID, ("x509: certificate has expired or is not yet valid: .* is before ",)),
        (EXPIRED, ("x509: certificate has expired",)),
        (
            CLIENT_CERTIFICATE,
            (
                "remote error: tls: (?:handshake failure|certificate required|bad certificate|unknown certificate)",
                "remote error: tls: (?:expired|revoked|unsupported) certificate",
            ),
        ),
        (
            NO_TLS,
            (
                "server gave HTTP response to HTTPS client",
                "tls: first record does not look like a TLS handshake",
            ),
        ),
        # containerd and buildx report no more of the answer than this.
        (TLS_WANTED, ("unexpected status from .* request to http://[^ ]*: 400 ",)),
        (
            NO_ANSWER,
            (
                "connection refused",
                "no such host",
                "failure in name resolution",  # of glibc, in a program that asks it (Debian's dockerd)
                "server misbehaving",
                "i/o timeout",
                "no route to host",
                "network is unreachable",
                "host is unreachable",
                "connection reset by peer",
                "broken pipe",
                "client conn could not be established",
                "context deadline exceeded",
                "Client.Timeout exceeded",
                "TLS handshake timeout",
                "timed out",
                "did not finish within",
                ": (?:unexpected )?EOF$",
            ),
        ),
        (OTHER, ("x509: ", "tls: ")),
    )
)
# A registry's answer once TLS works: the image does not exist (and is named), or access is denied.
_ABSENT = re.compile(r"not found|manifest unknown|name unknown|(?<!permission )denied")
_REFUSED = re.compile(
    "unauthorized|no basic auth credentials|authentication required|insufficient_scope|toomanyrequests"
    f"|{STATUS}(?:401|403|404|429)\\b|{FETCHING}denied|error from registry: (?!failed to )"
)
# The same, if an invalid token may be the reason: BuildKit retries several times and then reports only the status;
# dockerd says the same for any denied access.
_NO_ACCESS = re.compile(f"{STATUS}401\\b|(?:pull|push) access denied(?!.*no basic auth credentials)|unauthorized")

_CLOSED = re.compile("broken pipe|connection reset by peer|client conn could not be established")

# OpenSSL's X509_V_ERR_*, include/openssl/x509_vfy.h
_CODES = {
    2: UNKNOWN_AUTHORITY,  # unable to get issuer certificate
    9: NOT_YET_VALID,
    10: EXPIRED,
    18: UNKNOWN_AUTHORITY,  # self-signed
    19: UNKNOWN_AUTHORITY,  # self-signed in the chain
    20: UNKNOWN_AUTHORITY,  # unable to get local issuer certificate
    21: UNKNOWN_AUTHORITY,  # unable to verify the first certificate
    27: UNKNOWN_AUTHORITY,  # untrusted
    62: NAME_MISMATCH,
    64: NAME_MISMATCH,  # of an address
    68: WEAK_SIGNATURE,  # CA_MD_TOO_WEAK
}
_ALERTS = re.compile(
    "ALERT_(?:HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN)"
    "|UNSUPPORTED_CERTIFICATE)"
)
# nginx, the front end of Harbor, accepts the connection and refuses the request.
_WANTS_CERTIFICATE = re.compile(rb"SSL certificate")
# Go's net/http, nginx and Apache, about HTTP sent to a TLS port.
_WANTS_TLS = re.compile(
    rb"HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port|plain HTTP to an SSL-enabled"
)


def outcome_of(words: str, image: str) -> str:
    """A docker program's message about *image*, which no registry has."""
    for outcome, pattern in _SAID:
        if pattern.search(words):
            return outcome
    absent = image in words and _ABSENT.search(words)
    return TRUSTED if absent or _REFUSED.search(words) else OTHER


def may_hide_a_token(words: str) -> bool:
    """Whether a docker program was refused with a message that it also has for an invalid token."""
    return bool(_NO_ACCESS.search(words))


def is_closed(words: str) -> bool:
    """Whether a docker program only reports that the connection was closed."""
    return bool(_CLOSED.search(words))


def outcome_of_code(code: int) -> str:
    """The result of OpenSSL's verification (`ssl.SSLCertVerificationError.verify_code`)."""
    return _CODES.get(code, OTHER)


def wants_certificate(reason: t.Optional[str]) -> bool:
    """Whether a TLS alert (`ssl.SSLError.reason`) is about the client certificate."""
    return bool(_ALERTS.search(reason or ""))


def outcome_of_status(status: int, body: bytes) -> str:
    """What an HTTP answer proves: the connection was trusted, but a server that fails is not a working registry."""
    if status == 400:
        if _WANTS_CERTIFICATE.search(body):
            return CLIENT_CERTIFICATE
        return TLS_WANTED if _WANTS_TLS.search(body) else OTHER
    return TRUSTED if status < 500 else SERVER_ERROR


def words_of_status(status: int, reason: str, body: bytes) -> str:
    """An HTTP answer as a message, with the server's text about a failure if that is short."""
    text = body.decode("utf-8", "replace").strip() if status == 400 or status >= 500 else ""
    told = f": {text}" if text and text.isprintable() and len(text) <= 200 else ""
    return f"HTTP {status} {reason}".strip() + told


def last_words(said: str) -> str:
    """The lines with the failure, joined: docker programs print a lot before it. A long text is cut to its end."""
    told = ": ".join(map(str.strip, last_error(said))) or last_line(said) or "nothing said"
    end = told[-_LONGEST:]
    return told if end == told else f"… {end.partition(' ')[2] or end}"


_URL = re.compile(r'(?:Head|Get|Post|Put|Patch) "https?://([^/"]+)|request to https?://([^/\s]+)')


def asked(words: str) -> str:
    """The host whose answer the message is about, as `host[:port]`; "" if it names none."""
    found = _URL.findall(words)
    return "".join(found[-1]) if found else ""


_ANSWERED = re.compile(r"unexpected status from \w+ request to ([^\s?]+)\S*: (.*)$")
_ASKED = re.compile(r'(?:Get|Post) "([^?"]+)[^"]*": (.*)$')


def about(words: str) -> str:
    """The subject of a docker program's message, "" for the registry itself."""
    _before, fetching, after = words.rpartition("failed to fetch ")
    if not fetching:
        return ASLEEP if "listing workers" in words else ""
    answered = _ANSWERED.search(after)
    return NO_ENDPOINT if answered and answered.group(2).startswith("4") else ENDPOINT


def cause(words: str) -> str:
    """The message without the common prefix of programs; a token endpoint is named as such."""
    _before, fetching, after = words.rpartition("failed to fetch ")
    if fetching:
        _kind, _colon, after = after.partition("token: ")
        answered, asked_for = _ANSWERED.search(after), _ASKED.search(after)
        if answered:
            return f"token endpoint {answered.group(1)} answered {answered.group(2)}"
        if asked_for:
            return f"token endpoint {asked_for.group(1)}: {asked_for.group(2)}"
        return f"the token endpoint answered: {after}" if after else words
    answered = _ANSWERED.search(words)
    if answered:
        return f"{answered.group(1)} answered {answered.group(2)}"
    return words.rpartition('": ')[2] or words
