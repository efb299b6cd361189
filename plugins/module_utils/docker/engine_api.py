# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API of dockerd over its socket, with the standard library: no processes, structured answers.

API: https://docs.docker.com/reference/api/engine/ ; the version is the newest that this dockerd speaks.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
import time
import typing as t
import urllib.parse

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import daemon_pid
from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

SOCKET = "/var/run/docker.sock"
_HOST = "docker"


class NotThereError(HostError):
    """dockerd answered 404: no such container or image."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__(_HOST, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(at(self._path)))


class Docker:
    """One host's dockerd."""

    # The client's command for the same dockerd, and the user who runs it (None: root), for what the API lacks.
    argv: t.Tuple[str, ...] = ("docker",)
    user: t.Optional[str] = None

    def __init__(self, path: str = SOCKET, *, planning: bool = False) -> None:
        """*planning*: nothing changes, so /info is asked for once, as dockerd starts two programs for each answer."""
        self._path, self._planning = path, planning
        self._info: t.Any = None
        self._version: t.Optional[str] = None

    def answers(self) -> bool:
        """Whether dockerd is running and ready.

        Its process is checked first: with systemd's socket activation, a request would start a stopped dockerd.
        """
        if self._path == SOCKET and daemon_pid() is None:
            return False
        try:
            version = self._request("GET", "/_ping", timeout=5)[1]
        except HostError:
            watch.saw("ping", (self._path,), None)
            return False
        watch.saw("ping", (self._path,), version or "")
        return True

    def wait(self, seconds: float) -> bool:
        """Whether dockerd answered within *seconds*."""
        end = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True

    def get(self, path: str) -> t.Any:
        """dockerd's answer as JSON."""
        if path == "/info" and self._info is not None:
            return self._saw(path, self._info)
        try:
            found = json.loads(self._versioned("GET", path))
        except NotThereError:
            self._saw(path, None)
            raise
        if path == "/info" and self._planning:
            self._info = found
        return self._saw(path, found)

    def _saw(self, path: str, answer: t.Any) -> t.Any:
        return watch.answered(self._path, f"/v{self._version}{path}", answer)

    def silence(self) -> t.Optional[str]:
        """Why a remote dockerd does not answer; always None for this host's own, see answers()."""
        return None

    def find(self, path: str) -> t.Any:
        """The same, None if the object does not exist."""
        try:
            return self.get(path)
        except NotThereError:
            return None

    def lists(self, container: str) -> bool:
        """Whether *container* is listed as running (`docker ps`).

        A dockerd that started without free disk space does not list a container, still shows it as running, and cannot
        control it (moby/moby, daemon/container.go, Register(), whose write fails; seen with Docker 26.1).
        """
        query = urllib.parse.urlencode({"filters": json.dumps({"name": [f"^/{container}$"]})})
        return bool(self.get(f"/containers/json?{query}"))

    def delete(self, path: str, timeout: float = 120) -> None:
        """Delete a container, a volume or an image."""
        self._versioned("DELETE", path, timeout=timeout)

    def post(self, path: str, content: t.Mapping[str, t.Any]) -> bytes:
        """Send *content* as JSON; returns the answer."""
        return self._versioned("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def unpause(self, container: str) -> None:
        """Unpause a container."""
        self._versioned("POST", f"/containers/{container}/unpause")

    def connect(self, container: str, network: str) -> None:
        """Connect a container to a network."""
        self.post(f"/networks/{network}/connect", {"Container": container})

    def pull(
        self, image: str, login: t.Optional[t.Tuple[str, str]] = None, timeout: float = 1800, platform: str = ""
    ) -> None:
        """Pull *image*, REPOSITORY[:TAG][@DIGEST]; the digest counts. *login* is user name and password.

        *platform* is another one than the host's.
        """
        repository, tag = split_reference(image)
        wanted = {"platform": platform} if platform else {}
        query = urllib.parse.urlencode({"fromImage": repository, "tag": tag, **wanted})
        headers = {}
        if login:
            secret = json.dumps({"username": login[0], "password": login[1], "serveraddress": repository.split("/")[0]})
            headers["X-Registry-Auth"] = base64.urlsafe_b64encode(secret.encode()).decode()
        answer = self._versioned("POST", f"/images/create?{query}", headers=headers, timeout=timeout)
        # Errors are part of a stream that began with status 200.
        for line in answer.decode("utf-8", "replace").splitlines():
            said = json.loads(line) if line.strip() else {}
            if "error" in said:
                from ansible_collections.multiarch.builders.plugins.module_utils.causes.remedies import of_pull

                cause = str(said["error"])
                raise HostError(f"image {image} cannot be pulled", cause, of_pull(cause))

    def export(self, container: str, into: t.BinaryIO) -> None:
        """Write the whole file system of a container, which need not run, as a tar archive."""
        watch.spoil(f"the file system of {container} was read")
        self._versioned("GET", f"/containers/{container}/export", into=into)

    def tag(self, image: str, reference: str) -> None:
        """Make *reference*, REPOSITORY:TAG, the image with this id."""
        repository, tag = split_reference(reference)
        self._versioned("POST", f"/images/{image}/tag?{urllib.parse.urlencode({'repo': repository, 'tag': tag})}")

    def files(self, container: str, path: str) -> t.Dict[str, bytes]:
        """{name relative to the folder of *path*: content} of the files at and below *path* in a container."""
        import tarfile

        query = urllib.parse.urlencode({"path": path})
        try:
            answer = self._versioned("GET", f"/containers/{container}/archive?{query}")
        except NotThereError:
            self._saw(f"/containers/{container}/archive?{query}", None)
            return {}
        self._saw(f"/containers/{container}/archive?{query}", answer)
        found = {}
        with tarfile.open(fileobj=io.BytesIO(answer)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    found[member.name] = file.read()
        return found

    def put_files(self, container: str, folder: str, files: t.Mapping[str, bytes]) -> None:
        """Write {name relative to *folder*: content} into a container, owned by root and readable by its user."""
        import tarfile

        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), 0o644
                tar.addfile(member, io.BytesIO(content))
        query = urllib.parse.urlencode({"path": folder})
        headers = {"Content-Type": "application/x-tar"}
        self._versioned("PUT", f"/containers/{container}/archive?{query}", archive.getvalue(), headers)

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        return _Connection(self._path, timeout)

    def _done(self, connection: http.client.HTTPConnection) -> None:
        """Called after each request: reopening a socket is cheap."""
        connection.close()

    def _words(self, exc: Exception) -> str:
        """Why a request failed."""
        return str(exc)

    def _versioned(
        self,
        method: str,
        path: str,
        body: t.Optional[bytes] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
        timeout: float = 120,
        into: t.Optional[t.BinaryIO] = None,
    ) -> bytes:
        try:
            if self._version is None:
                version = self._request("GET", "/_ping")[1]
                watch.saw("ping", (self._path,), version or "")
                self._version = version or "1.41"
            return self._request(method, f"/v{self._version}{path}", body, headers, timeout, into)[0]
        except NotThereError:
            raise
        except HostError as exc:
            watch.spoil(str(exc))
            raise

    def _request(
        self,
        method: str,
        path: str,
        body: t.Optional[bytes] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
        timeout: float = 120,
        into: t.Optional[t.BinaryIO] = None,
    ) -> t.Tuple[bytes, t.Optional[str]]:
        """(body, API version of dockerd); a body that is no error is written to *into* instead, if that is given."""
        if method != "GET":
            watch.spoil(f"dockerd was asked to {method} {path}")
        connection = self._connection(timeout)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read() if into is None or answer.status >= 400 else _copied(answer, into)
        except (OSError, http.client.HTTPException) as exc:
            raise HostError(f"dockerd does not answer on {self._path}: {self._words(exc)}") from exc
        finally:
            self._done(connection)
        if answer.status == 404:
            raise NotThereError(_message(content))
        if answer.status >= 400:
            raise HostError(f"dockerd refused {method} {path.split('?', maxsplit=1)[0]}: {_message(content)}")
        return content, answer.getheader("Api-Version")


def _copied(answer: http.client.HTTPResponse, into: t.BinaryIO) -> bytes:
    while True:
        block = answer.read(1024**2)
        try:
            into.write(block)
        except OSError as exc:
            raise HostError(f"what dockerd sends cannot be stored: {exc}") from exc
        if not block:
            break
    if answer.length:  # which read() with a size passes over
        raise http.client.IncompleteRead(b"", answer.length)
    return b""


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.decode("utf-8", "replace").strip()[:500]


def split_reference(image: str) -> t.Tuple[str, str]:
    """(repository, tag or digest) of an image reference; the digest takes precedence, the default is `latest`."""
    name, _at, digest = image.partition("@")
    head, colon, tail = name.rpartition(":")
    tagged = bool(colon) and "/" not in tail
    return head if tagged else name, digest or (tail if tagged else "latest")


def local_reference(image: str) -> str:
    """*image* as dockerd finds it after a pull: by digest where there is one."""
    repository, tag = split_reference(image)
    return f"{repository}@{tag}" if tag.startswith("sha256:") else f"{repository}:{tag}"
