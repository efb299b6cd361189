# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries whose tokens docker cannot fetch until it re-reads the operating system's authorities. Pure.

This concerns docker's own pulls and pushes: builders read their certificates for every connection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.registry_versions import (
    fetches_tokens_as_registry,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.host.system_store import blocks
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.registry.address import names_of


@dataclass(frozen=True)
class Tokens:
    """*unread* are the CAs of the table (PEM, one each) that the running dockerd has not read.

    *hosts* is {registry: its token endpoint}, *silent* is {registry: why it gave none}. Both are empty if all CAs were
    read.
    """

    unread: t.FrozenSet[str] = frozenset()
    hosts: t.Mapping[str, str] = field(default_factory=dict)
    silent: t.Mapping[str, str] = field(default_factory=dict)


NO_TOKENS = Tokens()


def authorities_of(registries: t.Iterable[Registry]) -> t.Tuple[str, ...]:
    """The CAs of the table, one by one."""
    return tuple(dict.fromkeys(pem for each in registries for pem in blocks(each.ca or "")))


def entry_of_endpoint(table: t.Mapping[str, Registry], token_host: str, host: str) -> Registry:
    """The entry with the authorities of *token_host*, the token endpoint of *host*, a registry of *table*.

    Without an entry of its own, those of its registry are assumed, as for a company's GitLab: gitlab.example.com
    is the token endpoint of registry.example.com.
    """
    return next((table[name] for name in names_of(token_host) if name in table), table[host])


def restart_reason(
    registries: t.Sequence[Registry], tokens: Tokens, engine: t.Optional[str], *, containerd_store: bool
) -> t.Optional[str]:
    """Why docker must restart for tokens, None if it need not."""
    table = {each.host: each for each in registries}
    as_registry = fetches_tokens_as_registry(engine, containerd_store=containerd_store)
    found = []
    for host, token_host in tokens.hosts.items():
        # With a graph driver dockerd reads no certs.d for Docker Hub (moby, registry/service_v2.go: ServerDefault).
        reads_certs_d = as_registry and (containerd_store or host != HUB)
        known = set(blocks(table[host].ca or "")) if reads_certs_d else set()
        needed = set(blocks(entry_of_endpoint(table, token_host, host).ca or ""))
        if (needed - known) & tokens.unread:
            found.append(host if token_host == host else f"{host} (issued by {token_host})")
    if not found:
        return None
    return (
        "docker reads the system's authorities only at its start, and needs them for tokens of "
        f"{', '.join(found)}; builders do not"
    )


def notes_on(registries: t.Iterable[Registry], tokens: Tokens) -> t.List[str]:
    """What is unknown, as a registry with an authority that docker has not read does not answer."""
    silent = [each for each in registries if each.host in tokens.silent and tokens.unread & set(blocks(each.ca or ""))]
    return [
        f"{each.host} does not answer ({tokens.silent[each.host]}), so it is unknown whether docker must be "
        "restarted for its tokens: run again when it answers"
        for each in silent
    ]
