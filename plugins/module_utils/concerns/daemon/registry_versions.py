# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's registry features by version, from moby/moby. Pure.

28.0: hosts.toml in certs.d is read (daemon/hosts.go, RegistryHosts).
29.1: a pull asks for referrers (daemon/containerd/image_pull.go, referrersForPull), of a mirror only if its hosts.toml
says so. Up to 29.0 that word makes dockerd ignore the file (containerd, core/remotes/docker/config/hosts.go).
29.5: tokens are fetched with what is trusted for their registry (daemon/containerd/resolver.go,
authorizerFromAuthConfig). Before, with Go's default client, which knows the operating system's store alone, as of
dockerd's start. This is about the containerd image store: with a graph driver it always was as it is now.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import version_of

_HOSTS_TOML = (28, 0)
_REFERRERS = (29, 1)
_TOKENS_AS_REGISTRY = (29, 5)


def reads_hosts_toml(engine: t.Optional[str]) -> bool:
    """Whether dockerd of that version reads hosts.toml; one of unknown version (None) does not."""
    return version_of(engine or "") >= _HOSTS_TOML


def asks_for_referrers(engine: t.Optional[str]) -> bool:
    """Whether it requests referrers, and supports them in hosts.toml."""
    return version_of(engine or "") >= _REFERRERS


def fetches_tokens_as_registry(engine: t.Optional[str], *, containerd_store: bool) -> bool:
    """Whether it trusts a registry's authorities for the tokens of that registry, too."""
    return not containerd_store or version_of(engine or "") >= _TOKENS_AS_REGISTRY
