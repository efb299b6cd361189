# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file by HTTP, with the system's trust store and the proxy that is set, else that of the environment."""

from __future__ import annotations

import http.client
import typing as t
import urllib.error
import urllib.parse
import urllib.request

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.messages import of_url
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import proxy_for

_SILENCE = 60  # seconds
_LARGEST = 1024**3  # bytes: ten times a buildx
_CHUNK = 1024**2
_PORTS = {"http": 80, "https": 443}


class _Rules(urllib.request.ProxyHandler):
    """The proxy of each address, also of one that a server redirects to."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        super().__init__(
            {scheme: url for scheme in _PORTS for url in [proxy.environment().get(f"{scheme.upper()}_PROXY")] if url}
        )

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> t.Any:  # the name that is there
        parts = urllib.parse.urlsplit(req.full_url)
        if proxy_for(self._proxy, type, parts.hostname or "", parts.port or _PORTS[type]) is None:
            return None
        return super().proxy_open(req, proxy, type)


def chunks(url: str, proxy: Proxy) -> t.Iterator[bytes]:
    """The content at *url*, piece by piece. Raises HostError in words for whoever wrote the URL."""
    asked = proxy.environment()
    opener = urllib.request.build_opener(_Rules(proxy)) if asked else urllib.request.build_opener()
    received = 0
    try:
        with opener.open(url, timeout=_SILENCE) as answer:
            while True:
                piece = answer.read(_CHUNK)
                if not piece:
                    return
                received += len(piece)
                if received > _LARGEST:
                    raise HostError(f"{of_url(url)} is larger than {_LARGEST} bytes")
                yield piece
    except urllib.error.HTTPError as exc:
        raise HostError(f"{of_url(url)} answers {exc.code} {exc.reason}") from exc
    except (OSError, http.client.HTTPException) as exc:
        reason = exc.reason if isinstance(exc, urllib.error.URLError) else exc
        raise HostError(f"{of_url(url)} cannot be fetched: {reason}") from exc
