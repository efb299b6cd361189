# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators from an image like tonistiigi/binfmt, extracted as files: the image is never run."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import sys
import tarfile
import typing as t
from dataclasses import asdict, dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import (
    BrokenError,
    prove_emulator,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.image import (
    ABOUT,
    Written,
    digest_of,
    folder_of,
    in_folder,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker, local_reference
from ansible_collections.multiarch.builders.plugins.module_utils.docker.hub import HUB
from ansible_collections.multiarch.builders.plugins.module_utils.docker.readers import reader
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import make_folders, sync_folder, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage

# What the image's own program registers with (tonistiigi/binfmt, cmd/binfmt/main.go): C takes credentials from the
# program, F opens the emulator at registration; P only if the image was built to keep argv[0].
_FLAGS = "CF"
_KEEPS_ARGV0 = re.compile(r"QEMU_PRESERVE_ARGV0=.+")


@dataclass(frozen=True)
class Contents:
    """The content of an image: emulators by name, and its environment."""

    emulators: t.Mapping[str, bytes]
    environment: t.Sequence[str]


Prove = t.Callable[[str, ElfFormat, str], None]
"""Runs more programs under an emulator that no handler names yet, with these flags. Raises BrokenError."""


def install(
    image: str,
    formats: t.Sequence[ElfFormat],
    contents: t.Callable[[t.Sequence[str]], Contents],
    prove: t.Optional[Prove] = None,
) -> t.Dict[ElfFormat, BrokenError]:
    """Put the emulators of *formats* into the image's directory, once each is proven; no handler names it before.

    Those that do not run correctly are left out, and returned with the reason. Raises HostError if one is missing in
    the image.
    """
    folder = folder_of(image)
    found, place = contents([fmt.binary for fmt in formats]), at(folder)
    flags = _FLAGS + ("P" if any(map(_KEEPS_ARGV0.fullmatch, found.environment)) else "")
    there = in_folder(folder)
    written = dict(there.written) if there else {}
    rejected: t.Dict[ElfFormat, BrokenError] = {}

    def tried(path: str, fmt: ElfFormat) -> None:
        prove_emulator(path, fmt)
        if prove:
            prove(path, fmt, flags)

    try:
        make_folders(place)
        for fmt in formats:
            try:
                _place(_emulator(found, fmt, image), fmt, place, tried)
                written[fmt.binary] = _written(place / fmt.binary)
            except BrokenError as exc:
                rejected[fmt] = exc
    except OSError as exc:
        raise HostError(f"{folder} cannot be filled: {exc}") from exc
    taken = [fmt.binary for fmt in formats if fmt not in rejected]
    if taken:
        about = {
            "image": image,
            "flags": flags,
            "version": version_in(run([str(place / taken[0]), "--version"]).stdout),
            "written": {name: asdict(noted) for name, noted in written.items()},
        }
        write(WriteFile(f"{folder}/{ABOUT}", json.dumps(about, indent=2) + "\n"))
    return rejected


def _emulator(found: Contents, fmt: ElfFormat, image: str) -> bytes:
    content = found.emulators.get(fmt.binary)
    if content is None:
        small = (
            "" if sys.maxsize > 2**32 else " (on a 32-bit host QEMU 11 and later emulates nothing: take an older one)"
        )
        raise HostError(f"builder_binfmt_image {image} has no /usr/bin/{fmt.binary}{small}: take one that has it")
    return content


def _place(content: bytes, fmt: ElfFormat, folder: pathlib.Path, tried: t.Callable[[str, ElfFormat], None]) -> None:
    temporary = folder / f".{fmt.binary}"
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # its file in binfmt.d is there after a power failure, so it has to be
        temporary.chmod(0o755)
        tried(str(temporary), fmt)
        temporary.replace(folder / fmt.binary)
        sync_folder(folder)
    finally:
        temporary.unlink(missing_ok=True)


def _written(path: pathlib.Path) -> Written:
    state = path.stat()
    return Written(digest_of(str(path)), state.st_size, state.st_mtime_ns)


def version_in(text: str) -> str:
    """QEMU's version in the output of `qemu-ARCH --version`. Pure."""
    found = re.search(r"version (\S+)", text)
    return found.group(1) if found else "unknown"


def from_docker(image: str, names: t.Sequence[str], docker: Docker, login: t.Optional[t.Tuple[str, str]]) -> Contents:
    """Emulators of an image that dockerd has or pulls; the image is not run."""
    reference = local_reference(image)
    here = docker.find(f"/images/{reference}/json")
    if here is None:
        pulled_images.note(RECORD, PulledImage(image), docker)
        _pull(image, docker, login)
        here = docker.get(f"/images/{reference}/json")
    files: t.Dict[str, bytes] = {}
    with reader(image, docker) as container:
        for name in names:
            files.update(docker.files(container, f"/usr/bin/{name}"))
    return Contents(files, (here.get("Config") or {}).get("Env") or ())


def _pull(image: str, docker: Docker, login: t.Optional[t.Tuple[str, str]]) -> None:
    """dockerd reports the error of the last endpoint, which is Docker Hub if its mirrors failed."""
    try:
        docker.pull(image, login)
    except HostError as exc:
        asked = image.startswith(f"{HUB}/") and docker.answers()  # a dockerd that died has nothing to add
        mirrors = docker.get("/info").get("RegistryConfig", {}).get("Mirrors") if asked else None
        if not mirrors:
            raise
        raise HostError(
            f"builder_binfmt_image {image}: {exc} (docker asked {', '.join(mirrors)} before that, and tells its last "
            "answer alone: `journalctl --unit docker` has the others)"
        ) from exc


def from_archive(path: str, names: t.Sequence[str]) -> Contents:
    """Emulators in an archive as `docker save` writes it, without Docker. Raises HostError if it is not one."""
    wanted = {f"usr/bin/{name}" for name in names}
    files: t.Dict[str, bytes] = {}
    try:
        with tarfile.open(at(path)) as archive:
            manifest = json.loads(_member(archive, "manifest.json"))[0]
            environment = json.loads(_member(archive, manifest["Config"])).get("config", {}).get("Env") or ()
            for layer in manifest["Layers"]:
                with tarfile.open(fileobj=archive.extractfile(layer)) as tree:
                    for member in tree:
                        name = member.name[2:] if member.name.startswith("./") else member.name
                        file = tree.extractfile(member) if name in wanted and member.isfile() else None
                        if file is not None:
                            files[name.rpartition("/")[2]] = file.read()
    except FileNotFoundError:
        raise HostError(f"builder_binfmt_archive: {path} is not on this host: put the archive there first") from None
    except (OSError, tarfile.TarError, ValueError, KeyError, IndexError, TypeError) as exc:
        raise HostError(f"builder_binfmt_archive: {path} is not an archive of `docker save`: {exc}") from exc
    return Contents(files, environment)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(f"{name} is no file")
    return file.read()


def sweep(keep: t.Collection[str]) -> None:
    """Remove the directories of images that no handler uses any more."""
    for folder in (f"{EMULATORS}/{each}" for each in look.names(EMULATORS)):
        if folder not in keep:
            shutil.rmtree(at(folder), ignore_errors=True)
