# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a proof that failed, from its words. Pure."""

from __future__ import annotations

import re
import typing as t

PROVISION = "playbooks/provision-builders.yml"
TRUST = "playbooks/trust-registries.yml"

# The first that fits counts.
_REMEDIES: t.Tuple[t.Tuple[t.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            "does not run in an empty chroot|exec format error|the RUN step of|run in an empty chroot, ended",
            f"Run {PROVISION}, which registers what is missing; docs/emulation.md tells about exec format error",
        ),
        (
            "x509|certificate|server gave HTTP response",
            f"Give the registry's `ca` in builder_registries, and run {TRUST}",
        ),
        (
            r"request to http://\S+: 400 ",
            f"The registry wants TLS: take `http: true` out of builder_registries, and run {PROVISION}",
        ),
        (
            r"dial tcp (?:127\.|\[::1\])",
            "A name of loopback is the builder's own container: give it `driver_opts: {network: host}`, or the "
            "registry a name that other machines resolve",
        ),
        (
            "index lacks|no index can be read back",
            "See that the user may pull what it pushed, and that the registry keeps indexes as they are",
        ),
        (
            "denied|unauthorized|insufficient_scope|no basic auth credentials|authorization failed|40[13] ",
            "See that the project of builder_verify_repository exists and that its login, `username` and `password` in "
            f"builder_registries, may push there; then run {TRUST}",
        ),
        (
            "no builder|failed to find instance|is no user of this host",
            f"Run {PROVISION}, which makes the builders of all builder_users",
        ),
        (
            "no such host|server misbehaving|connection refused|i/o timeout|network is unreachable|handshake timeout",
            "See that the registry runs, and that this host resolves its name and reaches it; mirrors and proxy are in "
            "builder_registries and builder_proxy",
        ),
        ("no space left", "Free space where Docker keeps its data, or set builder_gc"),
        ("not found|manifest unknown", "See that builder_verify_base names an image that is there for all platforms"),
    )
)


def remedy_of(words: str) -> str:
    """What to do about a failure that *words* tell."""
    for pattern, remedy in _REMEDIES:
        if pattern.search(words):
            return remedy
    return f"The words are BuildKit's. If the builder is not as asked, {PROVISION} mends it"
