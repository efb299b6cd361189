# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy setting, in the three forms that Docker needs. Pure.

dockerd: https://docs.docker.com/engine/daemon/proxy/ (daemon.json, since 23.0); BuildKit: the environment of its
container; RUN steps: https://docs.docker.com/engine/cli/proxy/ (config.json of the user who builds).
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass


@dataclass(frozen=True)
class Proxy:
    """*http* and *https* are URLs without credentials, *no_proxy* what is reached directly."""

    http: t.Optional[str] = None
    https: t.Optional[str] = None
    no_proxy: t.Tuple[str, ...] = ()
    username: t.Optional[str] = None
    password: t.Optional[str] = None

    def daemon_keys(self) -> t.Dict[str, str]:
        """The mapping `proxies` of daemon.json."""
        return self._named("http-proxy", "https-proxy", "no-proxy")

    def client_keys(self) -> t.Dict[str, str]:
        """The mapping `proxies.default` of config.json; buildx turns it into build arguments, which RUN steps see."""
        return self._named("httpProxy", "httpsProxy", "noProxy")

    def environment(self) -> t.Dict[str, str]:
        """The environment variables that programs read."""
        return self._named("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

    def _named(self, http: str, https: str, no_proxy: str) -> t.Dict[str, str]:
        found = {http: self._url(self.http), https: self._url(self.https), no_proxy: ",".join(self.no_proxy)}
        return {name: value for name, value in found.items() if value}

    def _url(self, url: t.Optional[str]) -> str:
        if not url or not self.username:
            return url or ""
        scheme, _separator, rest = url.partition("://")
        words = (urllib.parse.quote(each, safe="") for each in (self.username, self.password or ""))
        return f"{scheme}://{':'.join(words)}@{rest}"
