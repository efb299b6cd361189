# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remedy for a failed pull or for a builder that does not run. Pure."""

from __future__ import annotations

import re
import typing as t

TRUST = "playbooks/trust-registries.yml"

_Table = t.Tuple[t.Tuple[t.Pattern[str], str], ...]


def _table(*rows: t.Tuple[str, str]) -> _Table:
    return tuple((re.compile(pattern, re.IGNORECASE), remedy) for pattern, remedy in rows)


# The first match counts.
_PULL = _table(
    (
        "x509|certificate|server gave HTTP response",
        f"Set the `ca` of the registry, and of its token endpoint, in builder_registries, and run {TRUST}",
    ),
    (
        "no such host|name resolution|server misbehaving|connection refused|connection reset|i/o timeout"
        "|handshake timeout|unreachable|no route to host|deadline exceeded|proxyconnect|: EOF",
        "docker itself pulls it: check that the registry runs, and that this host resolves its name and reaches it; "
        "mirrors are in builder_registries, a proxy in builder_proxy",
    ),
    (
        "denied|unauthorized|insufficient_scope|no basic auth credentials|authorization failed|40[13] ",
        "Check that the image exists, and that `username` and `password` of its registry in builder_registries may "
        "pull it",
    ),
    ("no space left", "Free space where Docker keeps its data"),
    (
        "no match for platform|no matching manifest",
        "The image does not exist for the platform of this host: use another",
    ),
    ("not found|manifest unknown|invalid reference format", "Use an image that exists"),
)
_BUILDER = _table(
    ("flag provided but not defined", "Fix `flags` in builder_instances: this BuildKit does not support it"),
    (
        "driver option|memory limit|network [^ ]+ not found|needed more memory",
        "Fix `driver_opts` in builder_instances",
    ),
    (
        "toml|parse (?:buildkit )?config|snapshotter|network mode|no worker found|cannot assign requested address"
        "|mkdir ",
        "Fix builder_buildkit_options, or `flags` in builder_instances: see `docker logs` of its container",
    ),
    ("exec format error|exec .*no such file", "Check that `image` in builder_instances is a BuildKit for this host"),
    ("(?:cannot|failed to) connect to the docker (?:daemon|API) at unix:", "`systemctl start docker`, then run again"),
)
_IMAGE = "failed to resolve reference|pull access denied|failed to pull|no space left|missing content"


def of_pull(cause: str) -> str:
    """The remedy for an image that docker cannot pull; "" if the cause is all that is known."""
    return _first(_PULL, cause)


def of_builder(cause: str) -> str:
    """The remedy for a builder that does not run; "" if the cause is all that is known."""
    if re.search(_IMAGE, cause):
        found = of_pull(cause)
        return f"{found}; `image` is in builder_instances" if found else ""
    return _first(_BUILDER, cause)


def _first(table: _Table, cause: str) -> str:
    return next((remedy for pattern, remedy in table if pattern.search(cause)), "")
