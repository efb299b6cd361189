# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ours on a host: small files under /var/lib/multiarch-builders, so that removing takes exactly that.

State is read from the host itself wherever it can be read; only ownership is remembered here.
"""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import HOME, WriteFile, differs, read, write


def now() -> str:
    """The time in UTC, by the host's clock, such as 2026-11-20T08:00:00Z."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def load(concern: str, home: pathlib.Path = HOME) -> t.Dict[str, t.Any]:
    """What *concern* remembered, {} at first. Raises HostError if the file is damaged."""
    path = home / f"{concern}.json"
    text = read(str(path))
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as exc:
        raise HostError(f"{path} is damaged ({exc}): restore it, or remove it to start without a memory") from exc
    return found if isinstance(found, dict) else {}


def save(concern: str, content: t.Mapping[str, t.Any], home: pathlib.Path = HOME) -> None:
    """Remember *content*; readable by root alone."""
    text = json.dumps(content, indent=2, sort_keys=True) + "\n"
    step = WriteFile(str(home / f"{concern}.json"), text, mode=0o600)
    if differs(step):
        write(step)


def holds(concern: str) -> bool:
    """Whether *concern* remembers anything that is still there to be looked after."""
    return _is_anything(load(concern))


def _is_anything(value: t.Any) -> bool:
    if isinstance(value, dict):
        return any(_is_anything(each) for each in value.values())
    return bool(value)
