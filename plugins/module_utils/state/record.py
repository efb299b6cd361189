# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record: what a host remembers of our changes, so that retiring removes exactly those, and restores the rest.

It consists of small JSON files under /var/lib/multiarch-builders, readable by root only; each is a dataclass declared
beside its code, and is only read and changed here. What can be read from the host itself is not recorded.

Each file has a format version. An older one is migrated when it is read, and written in the current format with its
next change; a newer one is refused.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.typed_json import KindError, decode, encode

FORMAT = 1
"""The format version that this version writes. 0 is the one before 0.1.0, without a number."""
_FORMAT = "format"

Document = t.Dict[str, t.Any]
R = t.TypeVar("R")
V = t.TypeVar("V")


class NewerRecordError(HostError):
    """A newer version wrote a file of the record."""

    def __init__(self, path: str, found: int) -> None:
        super().__init__(
            f"{path} has format {found}, and this checkout of multiarch.builders supports formats up to {FORMAT}",
            "a newer one has changed this host",
            "Nothing was changed: use that checkout, or a newer one",
        )


@dataclasses.dataclass(frozen=True)
class RecordFile(t.Generic[R]):
    """One file of the record, NAME.json with a *kind*, a dataclass whose fields have defaults.

    The step *migrations*[n] converts a document of format n to format n + 1.
    """

    name: str
    kind: t.Type[R]
    migrations: t.Tuple[t.Callable[[Document], Document], ...] = ()

    @property
    def path(self) -> str:
        """Its path."""
        return f"{files.HOME}/{self.name}.json"

    def find(self) -> t.Optional[R]:
        """The content, None if there is no file. Raises HostError if it is damaged, or newer than this version."""
        return self._load()[0]

    def _load(self) -> t.Tuple[t.Optional[R], Document]:
        """The content, and its document in the current format."""
        text = files.read(self.path)
        if text is None:
            return None, {}
        try:
            found = decode(t.Dict[str, t.Any], json.loads(text))
            since = decode(int, found.pop(_FORMAT, 0), _FORMAT)
            if since > FORMAT:
                raise NewerRecordError(self.path, since)
            document = self._migrated(found, since)
            return decode(self.kind, document), document
        except (ValueError, RecursionError) as exc:
            what = str(exc) if isinstance(exc, KindError) else f"it is not JSON ({exc})"
            raise HostError(
                f"{self.path} is damaged",
                what,
                "Restore it, or remove it: then what it lists is no longer managed",
            ) from exc

    def _migrated(self, found: Document, since: int) -> Document:
        try:
            for step in self.migrations[since:]:
                found = step(found)
        except (AttributeError, KeyError, TypeError) as exc:
            raise KindError(f"it does not match format {since}") from exc
        return found

    def read(self) -> R:
        """The content, or that of a new host if there is no file. Raises HostError as find() does."""
        found = self.find()
        return self.kind() if found is None else found

    def update(self, change: t.Callable[[R], R]) -> R:
        """Read, *change*, and write the difference atomically. Raises HostError as find() does, or if writing fails.

        Unknown keys, which a newer version of the same format may write, are kept.
        """
        found, document = self._load()
        before = self.kind() if found is None else found
        after = change(before)
        if after != before:
            self._write(after, document)
        return after

    def put(self, record: R) -> None:
        """Write *record*, replacing any content. Raises HostError if that is newer, or cannot be replaced."""
        _require_known(self.path)
        self._write(record, {})

    def _write(self, record: R, former: Document) -> None:
        content = {_FORMAT: FORMAT, **encode(self.kind, record, former)}
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        files.write(WriteFile(self.path, text, mode=0o600))


def without(pairs: t.Mapping[str, V], name: str) -> t.Dict[str, V]:
    """*pairs* without that of *name*."""
    return {key: value for key, value in pairs.items() if key != name}


def require_known() -> None:
    """Raise NewerRecordError if a newer version wrote any of the files, including unknown ones."""
    for name in look.names(files.HOME):
        if name.endswith(".json"):
            _require_known(f"{files.HOME}/{name}")


def _require_known(path: str) -> None:
    try:
        found = json.loads(files.read(path) or "{}")
    except (HostError, ValueError, RecursionError):  # damaged, which is reported where it is read
        return
    since = found.get(_FORMAT) if isinstance(found, dict) else None
    if isinstance(since, int) and since > FORMAT:
        raise NewerRecordError(path, since)


@dataclasses.dataclass(frozen=True)
class Start:
    """The *time* (UTC) at which something began that records its end, and whether the host had a record then."""

    time: str
    had_record: bool

    @property
    def is_retired(self) -> bool:
        """Whether the host was retired since: what ends now must not make a new record."""
        return self.had_record and not look.is_folder(files.HOME)


def start() -> Start:
    """Something begins now, that does not hold the lock between runs until it ends."""
    return Start(now(), look.is_folder(files.HOME))


def now() -> str:
    """The current time in UTC, by the host's clock, such as 2026-11-20T08:00:00Z."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
