# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of the variables, as text. Pure."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterator, Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import (
    fingerprint,
    load_certificates,
    subject,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.served_chain import days_left

Words = dict[str, t.Any]

_KINDS = (("ca", "ca"), ("client_cert", "client"))


def describe(options: Mapping[str, t.Any], now: datetime.datetime) -> list[Words]:
    """A row for each CA and client certificate of the compiled *options*, of registries and of nodes elsewhere."""
    return [
        {
            "registry": owner,
            "kind": kind,
            "subject": subject(each),
            "issuer": each.issuer.rfc4514_string(),
            "not_after": f"{each.not_valid_after_utc:%Y-%m-%d}",
            "days_left": days_left(each, now),
            "fingerprint": fingerprint(each),
        }
        for owner, entry in _entries(options)
        for key, kind in _KINDS
        if entry.get(key)
        for each in load_certificates(entry[key].encode())
    ]


def _entries(options: Mapping[str, t.Any]) -> Iterator[tuple[str, Mapping[str, t.Any]]]:
    """(purpose of its certificates, entry)."""
    for entry in options["registries"]:
        yield entry["host"], entry
    for instance in options["instances"]:
        for node in instance.get("nodes") or ():
            yield f"builder {instance['name']}, node {node.get('name') or ''}".rstrip(), node
