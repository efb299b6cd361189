# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs of trust as lines of text: a row per host, a column per registry, then the certificates. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.proof.outcomes import LOGGED_IN, PROVEN, TRUSTED
from ansible_collections.multiarch.builders.plugins.plugin_utils.verify.proof_table import lines

Result = Mapping[str, t.Any]


def table(results: Mapping[str, Result]) -> list[str]:
    """The table of {host: result of module registry_proof}; no lines if no host contacted a registry."""
    asked = [each for result in results.values() for each in result.get("registries", [])]
    registries = list(dict.fromkeys(each["registry"] for each in asked))
    if not registries:
        return []
    rows = [[host, *(_cell(result, registry) for registry in registries)] for host, result in results.items()]
    return [*lines([["host", *registries], *rows]), *_certificates(results)]


def _cell(result: Result, registry: str) -> str:
    if "registries" not in result:
        return "NOT PROVEN"
    outcomes = list(dict.fromkeys(each["outcome"] for each in result["registries"] if each["registry"] == registry))
    bad = [each for each in outcomes if each not in PROVEN]
    if bad or not outcomes:
        return ", ".join(bad) or "-"
    left = [each["days_left"] for each in result.get("certificates", []) if each["registry"] == registry]
    told = [f"{TRUSTED}, {left[0]} days" if left else "answers", *([LOGGED_IN] if LOGGED_IN in outcomes else [])]
    return ", ".join(told)


def _certificates(results: Mapping[str, Result]) -> list[str]:
    """A line per certificate that servers presented, with its issuers; with hosts where they differ."""
    seen: dict[str, dict[str, list[str]]] = {}
    for host, result in results.items():
        for each in result.get("certificates", []):
            seen.setdefault(each["registry"], {}).setdefault(_words(each), []).append(host)
    return [
        f"{registry}: {words}" + (f" (seen by {', '.join(hosts)})" if len(found) > 1 else "")
        for registry, found in seen.items()
        for words, hosts in found.items()
    ]


def _words(certificate: Mapping[str, t.Any]) -> str:
    chain = certificate["chain"]
    signers = [each["issuer"] for each in chain if each["issuer"] != each["subject"]]
    signed = f" signed by {', '.join(signers)}" if signers else " signed by itself"
    told = ", ".join(certificate["names"]) or "no name"
    return f"{chain[0]['subject']} for {told}, until {certificate['not_after']},{signed}"
