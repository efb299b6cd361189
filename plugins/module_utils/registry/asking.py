# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks registries for their login challenge. No credentials are sent."""

from __future__ import annotations

import concurrent.futures
import http.client
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy_rules import is_tunnel, proxy_for
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import address_of
from ansible_collections.multiarch.builders.plugins.module_utils.registry.challenge import Challenge, challenge_in
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import context_for, request

_TIMEOUT = 5.0
_AT_ONCE = 8


def challenges(registries: t.Sequence[Registry], proxy: Proxy) -> t.Tuple[t.Dict[str, Challenge], t.Dict[str, str]]:
    """({registry: its challenge}, {registry: why it gave none}); one that needs no login is in neither.

    The table's CA is trusted in addition to the system's, as it may not be installed yet.
    """
    found: t.Dict[str, Challenge] = {}
    silent: t.Dict[str, str] = {}
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        for each, told in zip(registries, pool.map(lambda each: _ask(each, proxy), registries)):
            if isinstance(told, Challenge):
                found[each.host] = told
            elif told:
                silent[each.host] = told
    return found, silent


def _ask(registry: Registry, proxy: Proxy) -> t.Union[Challenge, str, None]:
    name, port = address_of(registry.host, http=registry.http)
    scheme = "http" if registry.http else "https"
    if not is_tunnel(proxy_for(proxy, scheme, name, port)):
        return "its proxy does not speak HTTP"
    server = f"[{name}]" if ":" in name else name
    try:
        pair = bool(registry.client_cert)
        context = context_for(registry.host, verify=not registry.insecure, has_pair=pair, ca=registry.ca)
        answer = request(f"{scheme}://{server}:{port}/v2/", context, proxy, _TIMEOUT)
    except (OSError, http.client.HTTPException) as exc:
        return getattr(exc, "verify_message", None) or getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
    if answer.status == 401:
        return challenge_in(answer.headers.get("www-authenticate", ()))
    return f"HTTP {answer.status} {answer.reason}" if answer.status >= 500 else None
