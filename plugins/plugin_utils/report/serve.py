# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder that a host serves to clients elsewhere, as a report shows it: frozen data."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Serve:
    """The served *builder*, where it listens, whether it is *running*, and the names of its *clients*.

    *error* says why the last reload failed, None if it did not.
    """

    builder: str
    address: str
    port: int
    running: bool
    error: str | None
    clients: tuple[str, ...]


def serve_of(facts: Mapping[str, t.Any] | None) -> Serve | None:
    """The facts of concern `serve`; a client may have several certificates."""
    if not facts:
        return None
    return Serve(**{**facts, "clients": tuple(dict.fromkeys(each["name"] for each in facts["clients"]))})
