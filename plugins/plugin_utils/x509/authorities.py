# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of the variables: of registries, nodes elsewhere, a served builder and docker contexts. Pure."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import load_certificates
from cryptography.x509 import Certificate

_KINDS = (("ca", "ca"), ("client_cert", "client"), ("certificate", "server"))


def authorities(options: Mapping[str, t.Any]) -> Iterator[tuple[str, str, Certificate]]:
    """(what it is for, `ca`, `client` or `server`, certificate) of each, from the compiled *options*."""
    return _of(_entries(options))


def _of(entries: Iterable[tuple[str, Mapping[str, t.Any]]]) -> Iterator[tuple[str, str, Certificate]]:
    for owner, entry in entries:
        for key, kind in _KINDS:
            if entry.get(key):
                yield from ((owner, kind, each) for each in load_certificates(entry[key].encode()))


def _entries(options: Mapping[str, t.Any]) -> Iterator[tuple[str, Mapping[str, t.Any]]]:
    for entry in options["registries"]:
        yield entry["host"], entry
    for instance in options["instances"]:
        for node in instance.get("nodes") or ():
            yield f"builder {instance['name']}, node {node.get('name') or ''}".rstrip(), node
    if options.get("serve"):
        yield served(options["serve"]), options["serve"]
    for context in options["contexts"]:
        yield f"context {context['name']}", context


def served(serve: Mapping[str, t.Any]) -> str:
    """What the certificates of a served builder are for."""
    return f"served builder {serve['builder']}"
