# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of the variables, as text. Pure."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.authorities import authorities, served
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import fingerprint, subject
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.served_chain import days_left

Words = dict[str, t.Any]


def describe(options: Mapping[str, t.Any], now: datetime.datetime) -> list[Words]:
    """A row for each certificate of the compiled *options*: registries, contexts, nodes elsewhere, a served builder."""
    rows = [
        {
            "registry": owner,
            "kind": kind,
            "subject": subject(each),
            "issuer": each.issuer.rfc4514_string(),
            "not_after": f"{each.not_valid_after_utc:%Y-%m-%d}",
            "days_left": days_left(each, now),
            "fingerprint": fingerprint(each),
        }
        for owner, kind, each in authorities(options)
    ]
    return rows + _clients(options.get("serve") or {}, now)


def _clients(serve: Mapping[str, t.Any], now: datetime.datetime) -> list[Words]:
    """Those of a served builder, which the options have by fingerprint."""
    rows = []
    for each in serve.get("allowed", ()):
        end = datetime.datetime.fromtimestamp(each["ends"], datetime.UTC)
        row: Words = {"registry": served(serve), "kind": "client", "subject": f"CN={each['name']}", "issuer": ""}
        row |= {"not_after": f"{end:%Y-%m-%d}", "days_left": (end - now) // datetime.timedelta(days=1)}
        rows.append(row | {"fingerprint": each["fingerprint"]})
    return rows
