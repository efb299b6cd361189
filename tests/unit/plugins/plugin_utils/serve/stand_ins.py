# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault, a fleet and a folder for the tests of builders that are served."""

from __future__ import annotations

import datetime
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.carry_out import carry_out, check_possible
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Fleet, Settings, fleet_of
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import Folder
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.renewal import decide

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@dataclass
class AVault:
    """A vault whose cipher is the reversed text; *decrypted* are the files that were decrypted."""

    has_password: bool = True
    password: str = "password"
    decrypted: list[str] = field(default_factory=list)

    def encrypt(self, text: str) -> str:
        return f"$ANSIBLE_VAULT;1.1;AES256\n{self.password}\n{text[::-1]}"

    def decrypt(self, path: Path) -> str:
        text = path.read_text()
        if not text.startswith("$ANSIBLE_VAULT"):
            return text
        self.decrypted.append(path.name)
        _head, password, rest = text.split("\n", 2)
        if password != self.password:
            raise ValueError("another password")
        return rest[::-1]


def fleet(folder: Path, **hosts: dict[str, t.Any]) -> Fleet:
    """The fleet of *hosts*: `serve` of each, and `of`, the servers of its one builder."""
    return fleet_of(
        {
            name: Settings(
                each.get("serve"),
                [{"name": "fleet", "driver": "remote", "nodes": [{"serve": server} for server in each.get("of", ())]}],
                each.get("folder", str(folder)),
                each.get("plain", False),
                each.get("address", ""),
            )
            for name, each in hosts.items()
        }
    )


def run(fleet: Fleet, folder: Folder, now: datetime.datetime = NOW, present: t.Collection[str] = ()) -> list[str]:
    """What a run does in the folder; *present* are the servers in it, by default all."""
    found = decide(fleet, folder, now, present or [*fleet.servers])
    if found.steps:
        check_possible(found.steps, folder, now)
        with folder.lock():
            carry_out(found.steps, folder, now)
    return [*(each.text for each in found.steps), *found.warnings]
