# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA that a Harbor offers for download, over an unauthenticated connection: the fingerprint verifies it.

goharbor/harbor, api/v2.0/swagger.yaml, /systeminfo/getcert: public, so no login is ever sent. 404 if
Harbor's directory ca_download is empty.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509 import certificates
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.pem import CertificateError

Fetch = Callable[[str], bytes]
"""Returns the response of the Harbor at ``host[:port]``. Raises CertificateError."""

LARGEST = 1024 * 1024
"""Bytes of a response; a bundle of all public CAs is a quarter of it."""

_SECONDS = 10.0
_OR_A_FILE = "or set `ca` to the CA's file"


def address(host: str) -> str:
    """Where the Harbor *host* offers its CA."""
    return f"https://{host}/api/v2.0/systeminfo/getcert"


def authority(host: str, fingerprint: str, fetch: Fetch) -> bytes:
    """The one certificate with *fingerprint* in the result of *fetch*, as PEM. Raises CertificateError."""
    answer = fetch(host)
    try:
        found = certificates.load_certificates(answer)
    except CertificateError as exc:
        remedy = f"Put only the CA into Harbor's directory ca_download, {_OR_A_FILE}"
        raise CertificateError(f"the response of {address(host)} {exc}", remedy) from exc
    match = certificates.with_fingerprint(found, fingerprint)
    if match is None:
        raise CertificateError(
            f"{address(host)} returned no certificate with sha256:{fingerprint}: {certificates.fingerprints(found)}",
            "Ask the administrators of Harbor: its CA was replaced, or another server answered",
        )
    return certificates.dump([match]).encode()


def fetch(host: str, *, seconds: float = _SECONDS) -> bytes:
    """See `Fetch`. *seconds* limit the connection, and again the whole response."""
    request = urllib.request.Request(address(host), headers={"User-Agent": "multiarch.builders", "Accept": "*/*"})
    try:
        with _opener().open(request, timeout=seconds) as answer:
            return _read(answer, address(host), seconds)
    except urllib.error.HTTPError as exc:
        exc.close()
        raise _refused(exc.code, address(host)) from exc
    except CertificateError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise CertificateError(
            f"{address(host)} cannot be fetched: {_reason(exc)}",
            f"Make it reachable from the controller (its environment sets the proxy), {_OR_A_FILE}",
        ) from exc


def _opener() -> urllib.request.OpenerDirector:
    """Accepts any certificate, as its CA is not known yet. Only supports https, and follows no redirects."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPSHandler(context=context))
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    return opener


def _read(answer: http.client.HTTPResponse, url: str, seconds: float) -> bytes:
    """The body, within time and size."""
    end = time.monotonic() + seconds
    data = b""
    while chunk := answer.read1(64 * 1024):
        data += chunk
        if len(data) > LARGEST:
            raise CertificateError(
                f"{url} returned more than {LARGEST} bytes", f"Check that it is a Harbor, {_OR_A_FILE}"
            )
        if time.monotonic() > end:
            raise TimeoutError("timed out")
    return data


def _refused(status: int, url: str) -> CertificateError:
    """The error for any status but success."""
    if status == http.client.NOT_FOUND:
        message = f"{url} answers 404: Harbor offers no CA for download"
        return CertificateError(message, f"Put it into Harbor's directory ca_download, {_OR_A_FILE}")
    if http.client.MULTIPLE_CHOICES <= status < http.client.BAD_REQUEST:
        message = f"{url} answers {status}, a redirect, which is not followed"
        return CertificateError(message, f"Set `host` to Harbor's own host name, {_OR_A_FILE}")
    return CertificateError(f"{url} answers {status}", f"See Harbor's log, {_OR_A_FILE}")


def _reason(exc: Exception) -> str:
    """The reason of a failure, as reported by the local system and never by the server."""
    cause = exc.reason if isinstance(exc, urllib.error.URLError) else exc
    if isinstance(cause, TimeoutError):
        return "timed out"
    if isinstance(cause, OSError):
        return cause.strerror or str(cause)
    return "the response is not HTTP"
