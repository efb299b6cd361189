"""Images as registries have them, and two registries on loopback that serve them: a stand-in, and Debian's."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import shutil
import subprocess
import threading
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

INDEX, MANIFEST = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
PROGRAM = shutil.which("docker-registry")
_PAGE = 2  # tags


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


@dataclass
class Store:
    """{repository: {tag: digest}}, and what has these digests."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # {digest: (type, bytes)}
    blobs: dict[str, bytes] = field(default_factory=dict)

    def add(self, repository: str, tag: str, created: str = "2026-11-01T10:00:00Z") -> str:
        """An image for two platforms under a tag; the digest of its index."""
        platforms = []
        for architecture in ("amd64", "arm64"):
            config = {"created": created, "author": tag, "rootfs": {"type": "layers", "diff_ids": []}}
            body = json.dumps({"architecture": architecture, "os": "linux", **config}).encode()
            self.blobs[digest_of(body)] = body
            part = {"mediaType": CONFIG, "digest": digest_of(body), "size": len(body)}
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": part, "layers": []}
            digest, size = self._keep(MANIFEST, manifest)
            platform = {"architecture": architecture, "os": "linux"}
            platforms.append({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
        digest, _size = self._keep(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": platforms})
        self.tags.setdefault(repository, {})[tag] = digest
        return digest

    def _keep(self, kind: str, manifest: dict[str, t.Any]) -> tuple[str, int]:
        body = json.dumps(manifest).encode()
        self.manifests[digest_of(body)] = (kind, body)
        return digest_of(body), len(body)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, format: str, *args: object) -> None:  # the name is the base class's
        """Say nothing."""

    def do_GET(self) -> None:
        """Tokens and redirected blobs to anybody, the rest to those with a token, as Docker Hub."""
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/token":
            self._send(200, {}, json.dumps({"token": urllib.parse.parse_qs(url.query)["scope"][0]}).encode())
        elif url.path.startswith("/elsewhere/"):
            self._send(200, {}, self.server.store.blobs[url.path.removeprefix("/elsewhere/")])
        else:
            found = re.fullmatch(r"/v2/(.+)/(tags|manifests|blobs)/([^/]+)", url.path)
            assert found, self.path
            if self.headers["Authorization"] != f"Bearer repository:{found[1]}:pull":
                realm = f'Bearer realm="http://{self.server.host}/token",service="stand-in"'
                self._send(401, {"WWW-Authenticate": realm}, b"{}")
            else:
                self._answer(found[1], found[2], found[3], urllib.parse.parse_qs(url.query))

    def _answer(self, name: str, what: str, which: str, query: Mapping[str, list[str]]) -> None:
        store = self.server.store
        if what == "blobs":  # on another server, which gets no token
            place = f"http://127.0.0.1:{self.server.server_port}/elsewhere/{which}"
            self._send(307, {"Location": place}, b"")
        elif what == "manifests":
            digest = store.tags.get(name, {}).get(which, which)
            if digest not in store.manifests:
                self._send(404, {}, b"{}")
                return
            kind, body = store.manifests[digest]
            assert kind in self.headers["Accept"].split(", "), "a client that asks for nothing else gets a platform"
            self._send(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, body)
        else:
            tags = sorted(store.tags.get(name, {}))
            start = tags.index(query["last"][0]) + 1 if "last" in query else 0
            page = tags[start : start + _PAGE]
            more = f'</v2/{name}/tags/list?last={page[-1]}&n={_PAGE}>; rel="next"' if tags[start + _PAGE :] else ""
            self._send(200, {"Link": more} if more else {}, json.dumps({"name": name, "tags": page}).encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class StandIn(http.server.ThreadingHTTPServer):
    """Serves *store*, whatever is wrong with it, in the way of Docker Hub."""

    def __init__(self, store: Store) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = store
        self.host = f"localhost:{self.server_port}"


@contextmanager
def stand_in(store: Store, _folder: Path) -> Iterator[str]:
    """Serve it; the registry's name."""
    server = StandIn(store)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def real(store: Store, folder: Path) -> Iterator[str]:
    """Push it to Debian's docker-registry; the registry's name."""
    assert PROGRAM
    config = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}}}
    config |= {"http": {"addr": "127.0.0.1:0"}, "log": {"level": "info", "formatter": "json"}}
    (folder / "config.yml").write_text(json.dumps(config))
    with subprocess.Popen([PROGRAM, "serve", folder / "config.yml"], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            listening = (re.search(r"listening on 127\.0\.0\.1:(\d+)", line) for line in process.stderr)
            port = next(found[1] for found in listening if found)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            _push(store, f"http://127.0.0.1:{port}")
            yield f"localhost:{port}"
        finally:
            process.terminate()


def _push(store: Store, url: str) -> None:
    for name, tags in store.tags.items():
        for digest, body in store.blobs.items():
            with _ask("POST", f"{url}/v2/{name}/blobs/uploads/", b"") as answer:
                place = urllib.parse.urljoin(url, answer.headers["Location"])
            _ask("PUT", f"{place}&digest={digest}", body).close()
        for digest, (kind, body) in sorted(store.manifests.items(), key=lambda each: each[1][0] == INDEX):
            if kind != INDEX or digest in tags.values():
                _ask("PUT", f"{url}/v2/{name}/manifests/{digest}", body, kind).close()
        for tag, digest in tags.items():
            _ask("PUT", f"{url}/v2/{name}/manifests/{tag}", store.manifests[digest][1], INDEX).close()


def _ask(method: str, url: str, body: bytes, kind: str = "application/octet-stream") -> t.Any:
    request = urllib.request.Request(url, body, {"Content-Type": kind}, method=method)
    for _try in range(50):
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError:
            raise
        except OSError:  # it says that it listens a moment too early
            time.sleep(0.1)
    raise TimeoutError(url)
