# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A remote dockerd, reached as a user's docker client reaches it: by ssh, TLS, or a context.

`docker system dial-stdio` connects its input and output to dockerd (docker/cli, cli/command/system/dial_stdio.go), so
the user's keys, known hosts, certificates and contexts apply and are not reimplemented here.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, NotThereError
from ansible_collections.multiarch.builders.plugins.module_utils.host import watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import environment, identity
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError


class _Dialled(http.client.HTTPConnection):
    """HTTP over the input and output of a process.

    http.client itself calls close() at the last response, before it is read: the process is kept.
    """

    def __init__(self, argv: t.Sequence[str], user: t.Optional[str], timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._argv, self._user = list(argv), user
        self._process: t.Optional[subprocess.Popen[bytes]] = None

    def connect(self) -> None:
        self.end(0)  # the former one
        watch.spoil("another host's dockerd was queried")
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                self._argv,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.PIPE,
                env=environment(self._user),
                cwd="/",
                start_new_session=True,  # without a terminal ssh does not prompt
                **identity(self._user),
            )
        ours.settimeout(self.timeout)
        self.sock = ours

    def words(self) -> str:
        """Why the process ended, from its output; it gets a moment to end by itself."""
        self.end(2)
        if self._process is None or self._process.stderr is None:
            return ""
        from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh

        return of_ssh(self._process.stderr.read().decode("utf-8", "replace"))

    def end(self, seconds: float) -> None:
        """End the process, unless it ends by itself within *seconds*."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class DialledDocker(Docker):
    """The dockerd at *endpoint* (ssh://…, tcp://…, or the name of a context), for *user*."""

    def __init__(self, endpoint: str, user: str) -> None:
        super().__init__(endpoint)
        where = ["--host" if "://" in endpoint else "--context", endpoint]
        self.argv = ("docker", *where)
        self.user = user
        self._kept: t.Optional[_Dialled] = None

    def answers(self) -> bool:
        """Whether it is running and ready."""
        return self.silence() is None

    def silence(self) -> t.Optional[str]:
        """Why it does not answer, None if it does; on a connection of its own."""
        self.close()
        try:
            self._request("GET", "/_ping", timeout=30)
        except HostError as exc:
            return str(exc)
        return None

    def close(self) -> None:
        """End the connection; the next request opens another."""
        if self._kept is not None:
            self._kept.close()
            self._kept.end(0)
        self._kept = None

    def _request(
        self,
        method: str,
        path: str,
        body: t.Optional[bytes] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
        timeout: float = 120,
        into: t.Optional[t.BinaryIO] = None,
    ) -> t.Tuple[bytes, t.Optional[str]]:
        used_before = self._kept is not None
        try:
            return super()._request(method, path, body, headers, timeout, into)
        except NotThereError:
            raise
        except HostError:
            if not used_before or method != "GET":
                raise
        return super()._request(method, path, body, headers, timeout, into)  # the connection had been closed

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        """Reuses the connection: opening one by ssh is slow."""
        if self._kept is None:
            self._kept = _Dialled([*self.argv, "system", "dial-stdio"], self.user, timeout)
        self._kept.timeout = timeout
        if self._kept.sock is not None:
            self._kept.sock.settimeout(timeout)
        return self._kept

    def _done(self, connection: http.client.HTTPConnection) -> None:  # noqa: ARG002  # there is just one
        """The connection is kept, unless a request failed on it."""
        if sys.exc_info()[0] is not None:
            self.close()

    def _words(self, exc: Exception) -> str:
        if self._kept is None:
            return str(exc)
        if self._kept.sock is not None:
            self._kept.sock.close()  # ends a process that waits for us
        return self._kept.words() or str(exc)
