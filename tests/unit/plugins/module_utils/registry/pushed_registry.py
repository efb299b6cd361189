# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of a registry that is pushed to: a real server on loopback, with TLS, that refuses what a test wants."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import ssl
import threading
import typing as t
import urllib.parse
from pathlib import Path

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair

Manifest = dict[str, t.Any]
Refusal = tuple[int, str, str]  # status, code and message
Refuse: t.TypeAlias = "t.Callable[[Manifest, PushedRegistry], Refusal | None]"

LOGIN = ("robot$ci", "s3cret")
_BASIC = f"Basic {base64.b64encode(':'.join(LOGIN).encode()).decode()}"
_LOCATIONS = {
    "absolute": "{url}/v2/{name}/blobs/uploads/1",
    "relative": "/v2/{name}/blobs/uploads/1?_state=a%3D",
    "nearby": "1",
    "elsewhere": "{elsewhere}/v2/{name}/blobs/uploads/1",
}


class _Server(http.server.ThreadingHTTPServer):
    registry: PushedRegistry

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.request = self.server.registry.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, content = self.server.registry.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  # the names are the base class's


class PushedRegistry:
    """*auth* is "", "basic" or "bearer"; *location* a key of _LOCATIONS; *may* what LOGIN may do there."""

    def __init__(
        self,
        folder: Path,
        certificate: Pair,
        *,
        auth: str = "",
        refuse: Refuse = lambda _manifest, _registry: None,
        deletes: bool = True,
        location: str = "absolute",
        elsewhere: PushedRegistry | None = None,
        may: tuple[str, ...] = ("pull", "push", "delete"),
    ) -> None:
        self.auth, self.refuse, self.deletes, self.location, self.may = auth, refuse, deletes, location, may
        self.elsewhere = elsewhere
        self.realm = ""  # in place of its own /token
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, Manifest] = {}
        self.asked: list[tuple[str, str, str]] = []  # method, path, authorization
        files = [folder / name for name in ("pushed.crt", "pushed.key")]
        files[0].write_text(certificate.pem)
        files[1].write_text(certificate.key_pem)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files[0], files[1])
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.registry = self
        self.host = f"localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> PushedRegistry:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: t.Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body)."""
        self.asked.append((method, path, headers.get("Authorization", "")))
        url = urllib.parse.urlsplit(path)
        if url.path == "/token":
            return self._token(headers, urllib.parse.parse_qs(url.query))
        action = {"DELETE": "delete", "GET": "pull"}.get(method, "push")
        if not self._allows(headers.get("Authorization", ""), action):
            challenge = f'Bearer realm="{self.realm or f"https://{self.host}/token"}",service="registry"'
            wanted = {"WWW-Authenticate": challenge if self.auth == "bearer" else 'Basic realm="registry"'}
            return 401, wanted, _errors("UNAUTHORIZED", "authentication required")
        name, _slash, rest = url.path.removeprefix("/v2/").rpartition("/")
        if name.endswith("/manifests"):
            return self._manifest(method, rest, body, headers.get("Content-Type", ""))
        if method == "POST":
            other = self.elsewhere.host if self.elsewhere else ""
            name = name.removesuffix("/blobs/uploads")
            place = _LOCATIONS[self.location].format(
                url=f"https://{self.host}", name=name, elsewhere=f"https://{other}"
            )
            return 202, {"Location": place}, b""
        (digest,) = urllib.parse.parse_qs(url.query)["digest"]
        if digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
            return 400, {}, _errors("DIGEST_INVALID", "provided digest did not match uploaded content")
        self.blobs[digest] = body
        return 201, {}, b""

    def _token(self, headers: t.Any, query: dict[str, list[str]]) -> tuple[int, dict[str, str], bytes]:
        if headers.get("Authorization") != _BASIC:
            return 401, {}, _errors("UNAUTHORIZED", "incorrect username or password")
        _kind, _name, actions = query["scope"][0].split(":")
        allowed = ",".join(each for each in actions.split(",") if each in self.may)
        return 200, {}, json.dumps({"token": f"T:{allowed}"}).encode()

    def _allows(self, authorization: str, action: str) -> bool:
        if self.auth == "bearer":
            return authorization.startswith("Bearer T:") and action in authorization[9:].split(",")
        return not self.auth or (authorization == _BASIC and action in self.may)

    def _manifest(self, method: str, digest: str, body: bytes, kind: str) -> tuple[int, dict[str, str], bytes]:
        if method == "DELETE":
            if not self.deletes:
                return 405, {}, _errors("UNSUPPORTED", "The operation is unsupported.")
            return (202, {}, b"") if self.manifests.pop(digest, None) else (404, {}, b"")
        manifest = json.loads(body)
        assert manifest["mediaType"] == kind
        assert digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
        blobs = [*manifest.get("layers", ()), *filter(None, [manifest.get("config")])]
        missing = [each["digest"] for each in blobs if len(self.blobs.get(each["digest"], b"")) != each["size"]]
        missing += [each["digest"] for each in manifest.get("manifests", ()) if each["digest"] not in self.manifests]
        refused = self.refuse(manifest, self)
        if missing or refused:
            status, code, message = refused or (404, "MANIFEST_BLOB_UNKNOWN", f"blob unknown: {missing}")
            return status, {}, _errors(code, message)
        self.manifests[digest] = manifest
        return 201, {}, b""


def _errors(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": {}}]}).encode()


def as_gitlab(manifest: Manifest, registry: PushedRegistry) -> Refusal | None:
    """moby/buildkit#7007: a subject has to be there already."""
    subject = manifest.get("subject", {}).get("digest")
    missing = subject is not None and subject not in registry.manifests
    return (404, "BLOB_UNKNOWN", f"blob unknown to registry - {subject}") if missing else None


def as_aliyun(manifest: Manifest, _registry: PushedRegistry) -> Refusal | None:
    """koordinator-sh/koordinator#3194: an unknown type of config."""
    kind = manifest.get("config", {}).get("mediaType", "")
    return (403, "DENIED", f"unknown manifest class for {kind}") if "empty" in kind else None


def as_before_oci(manifest: Manifest, _registry: PushedRegistry) -> Refusal | None:
    """docker/buildx#1513: no index of OCI, no attestation of any kind."""
    kinds = [each["mediaType"] for each in manifest.get("layers", ())]
    odd = "manifests" in manifest or "application/vnd.in-toto+json" in kinds
    return (400, "MANIFEST_INVALID", "manifest invalid") if odd else None


def without_zstd(manifest: Manifest, _registry: PushedRegistry) -> Refusal | None:
    """One that knows its types of layers."""
    odd = any(each["mediaType"].endswith("+zstd") for each in manifest.get("layers", ()))
    return (415, "UNSUPPORTED", "unsupported media type") if odd else None
