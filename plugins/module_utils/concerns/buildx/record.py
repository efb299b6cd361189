# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of builders and of their users' clients on a host."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.drift import Remembered
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_keys import Former, Owned
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import WithImages
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import Document, RecordFile

_BUILDER = "BUILDX_BUILDER"


@dataclass(frozen=True)
class OwnNode:
    """A node with a managed container; its *volume* is managed unless it existed before. *user* reaches its dockerd.

    *container* says that the container existed before.
    """

    name: str
    endpoint: str
    user: str
    volume: bool
    container: bool = False


@dataclass(frozen=True)
class OwnBuilder:
    """A managed builder: *users* have {name: backup of the former entry, None if there was none}.

    In the record the *name* is the key.
    """

    name: str = ""
    driver: str = ""
    users: t.Mapping[str, t.Optional[str]] = field(default_factory=dict)
    nodes: t.Tuple[OwnNode, ...] = ()


@dataclass(frozen=True)
class Own:
    """Our lines in a file of variables: *values* by name.

    The former state: *lines* by name, whether the file was *there* and its last line *ended* with a newline.
    """

    values: t.Mapping[str, str]
    lines: t.Mapping[str, str] = field(default_factory=dict)
    there: bool = True
    ended: bool = True


@dataclass(frozen=True)
class BuildxRecord(WithImages, WithFiles):
    """buildx.json: managed *builders*, and by builder the digests of its *configurations*.

    Its *files* are those for builders that users make, *inherited* the SHA-256 of the last contents that such builders
    got as REGISTRY/FILE, the newest at the end.

    By user: *choices* are the files of the store that selected a builder before us ({name: text, None for no file}),
    *client* the managed keys of config.json, and *replaced* the values that they replaced. *members* are the users
    whom we added to Docker's group, *environment* the files with variables of ours.
    """

    builders: t.Mapping[str, OwnBuilder] = field(default_factory=dict)
    configurations: t.Mapping[str, Remembered] = field(default_factory=dict)
    choices: t.Mapping[str, t.Mapping[str, t.Optional[str]]] = field(default_factory=dict)
    client: t.Mapping[str, Owned] = field(default_factory=dict)
    replaced: t.Mapping[str, Former] = field(default_factory=dict)
    members: t.Tuple[str, ...] = ()
    environment: t.Mapping[str, Own] = field(default_factory=dict)
    inherited: t.Mapping[str, t.Tuple[str, ...]] = field(default_factory=dict)


def _migrated(found: Document) -> Document:
    """Format 1 of 0: `made` is now `builders`, and `builders` `configurations`."""
    made, configurations = found.pop("made", {}), found.pop("builders", {})
    environment = {path: _with_values(row) for path, row in found.pop("environment", {}).items()}
    return {**found, "builders": made, "configurations": configurations, "environment": environment}


def _with_values(row: Document) -> Document:
    """Format 1 first had only one line, which named the builder."""
    if "builder" not in row:
        return row
    builder, lines = row.pop("builder"), row.pop("lines")
    former = lines if lines.endswith("\n") else f"{lines}\n"
    return {**row, "values": {_BUILDER: builder}, "lines": {_BUILDER: former} if lines else {}}


RECORD = RecordFile("buildx", BuildxRecord, (_migrated,))
