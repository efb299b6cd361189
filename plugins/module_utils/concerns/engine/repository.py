# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository of Docker's own packages: a keyring and a source of apt (sources.list(5), deb822), both ours."""

from __future__ import annotations

import pathlib
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.host import files, look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import is_as_written, leftovers

KEYRING = "/etc/apt/keyrings/multiarch-builders-docker.asc"
PARTS = "/etc/apt/sources.list.d"
SOURCES = f"{PARTS}/multiarch-builders-docker.sources"
VARIABLE = "builder_engine_repository"
_RELEASE = ("/etc/os-release", "/usr/lib/os-release")


@dataclass(frozen=True)
class Repository:
    """The repository; *key* is the OpenPGP key as armoured text, *suite* defaults to the host's code name."""

    url: str
    key: str
    suite: t.Optional[str] = None
    components: t.Tuple[str, ...] = ("stable",)


@dataclass(frozen=True)
class Sources:
    """The files of a repository at *url* that differ from those on the host, none if they are there."""

    files: t.Tuple[WriteFile, ...] = ()
    url: str = ""

    def beside(self, folder: pathlib.Path) -> t.Tuple[str, ...]:
        """The options that make apt use the new source as well as the host's own: *folder* is created for them."""
        if not self.files:
            return ()
        folder.mkdir()
        for name in look.names(PARTS):
            if f"{PARTS}/{name}" != SOURCES:
                (folder / name).symlink_to(at(f"{PARTS}/{name}"))
        there = {each.path: each.content for each in self.files}
        keyring, source = there.get(KEYRING) or files.read(KEYRING), there.get(SOURCES) or files.read(SOURCES)
        new = {"keyring.asc": keyring or ""}
        new[pathlib.PurePath(SOURCES).name] = (source or "").replace(KEYRING, f"{folder}/keyring.asc")
        folder.chmod(0o755)  # apt verifies signatures as its own user
        for name, text in new.items():
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o644)
        return (f"--option=Dir::Etc::SourceParts={folder}",)

    def refusal(self, policy: Outcome, lacking: str) -> str:
        """Why apt cannot use the source, by what `apt-cache policy` prints of all sources; "" if it can."""
        if policy.status != 0:
            return policy.cause
        return "" if self.url.rstrip("/") in policy.stdout else lacking or f"{self.url} has no packages for this host"


NO_SOURCES = Sources()


@dataclass(frozen=True)
class RepositoryState:
    """What differs: files to *write*, with their content *before*, managed ones to *remove*, and to *forget*."""

    write: t.Tuple[WriteFile, ...] = ()
    before: t.Mapping[str, str] = field(default_factory=dict)
    remove: t.Tuple[RemoveFile, ...] = ()
    forget: t.Tuple[str, ...] = ()


def observe(wanted: t.Optional[Repository], *, keep_changed: bool = False) -> RepositoryState:
    """The state of the files; *keep_changed*: those that someone else changed are kept. Raises HostError."""
    specified = files_of(wanted, code_name()) if wanted is not None else ()
    write = tuple(filter(files.differs, specified))
    remove = leftovers(RECORD.read().files, specified)
    forget = tuple(each.path for each in remove if keep_changed and not is_as_written(RECORD, each.path))
    return RepositoryState(
        write,
        {each.path: files.read(each.path, errors="replace") or "" for each in write},
        tuple(each for each in remove if each.path not in forget),
        forget,
    )


def files_of(wanted: Repository, code_name: str) -> t.Tuple[WriteFile, ...]:
    """The keyring and the source. Raises HostError if the suite is neither specified nor known. Pure."""
    suite = wanted.suite or code_name
    if not suite:
        raise HostError(
            f"{VARIABLE}.suite is not set, and {_RELEASE[0]} has no VERSION_CODENAME", "", f"Set {VARIABLE}.suite"
        )
    lines = ["# of multiarch.builders: changes are reverted", "Types: deb", f"URIs: {wanted.url}", f"Suites: {suite}"]
    if not suite.endswith("/"):  # a repository without suites
        lines.append(f"Components: {' '.join(wanted.components)}")
    lines.append(f"Signed-By: {KEYRING}")
    return WriteFile(KEYRING, wanted.key), WriteFile(SOURCES, "\n".join(lines) + "\n")


def code_name() -> str:
    """The code name of the host's release, such as trixie; "" if it has none (os-release(5))."""
    text = next(filter(None, map(look.text, _RELEASE)), "")
    found = re.search(r"^VERSION_CODENAME=[\"']?([\w.-]+)", text, re.MULTILINE)
    return found.group(1) if found else ""
