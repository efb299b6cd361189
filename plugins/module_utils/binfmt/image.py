# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulators out of an image like tonistiigi/binfmt: taken from it as files, it is never run."""

from __future__ import annotations

import json
import pathlib
import shutil
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.binfmt.decide import Emulators, folder_of
from ansible_collections.multiarch.builders.plugins.module_utils.docker_api import Docker, local_reference
from ansible_collections.multiarch.builders.plugins.module_utils.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.files import WriteFile, make_folders, read, write

_ABOUT = "image.json"
# What the image's own program registers with (tonistiigi/binfmt, cmd/binfmt/main.go): C takes credentials from the
# program, F opens the emulator once and for all; P only if the image was built to keep argv[0].
_FLAGS = "CF"
_KEEPS_ARGV0 = "QEMU_PRESERVE_ARGV0="


def installed(image: str) -> Emulators:
    """The emulators of *image* that are on this host; flags as the image itself asks."""
    folder = folder_of(image)
    about = read(f"{folder}/{_ABOUT}")
    if about is None:
        return Emulators(folder, frozenset(), _FLAGS)
    try:
        flags = json.loads(about)["flags"]
    except (ValueError, KeyError, TypeError):  # damaged: taken out of the image again
        return Emulators(folder, frozenset(), _FLAGS)
    names = frozenset(path.name for path in pathlib.Path(folder).glob("qemu-*"))
    return Emulators(folder, names, flags)


def install(image: str, binaries: t.Iterable[str], docker: Docker, login: t.Optional[t.Tuple[str, str]]) -> None:
    """Put *binaries* of *image* into its folder on the host, pulling the image where it is missing.

    Raises HostError if one is not in the image; the folder counts once it is complete.
    """
    reference = local_reference(image)
    here = docker.find(f"/images/{reference}/json")
    if here is None:
        docker.pull(image, login)
        here = docker.get(f"/images/{reference}/json")
    folder = pathlib.Path(folder_of(image))
    try:
        make_folders(folder)
    except OSError as exc:
        raise HostError(f"{folder} cannot be made: {exc}") from exc
    container = docker.create(image)
    try:
        for name in binaries:
            _take(docker, container, name, folder, image)
    finally:
        docker.delete(f"/containers/{container}?force=1")
    env = here.get("Config", {}).get("Env") or []
    keeps = any(each.startswith(_KEEPS_ARGV0) and each != _KEEPS_ARGV0 for each in env)
    about = {"image": image, "flags": _FLAGS + ("P" if keeps else "")}
    write(WriteFile(str(folder / _ABOUT), json.dumps(about, indent=2) + "\n"))


def _take(docker: Docker, container: str, name: str, folder: pathlib.Path, image: str) -> None:
    content = docker.files(container, f"/usr/bin/{name}").get(name)
    if content is None:
        raise HostError(f"builder_binfmt_image {image} has no /usr/bin/{name}: take an image that emulates it")
    temporary = folder / f".{name}"
    temporary.write_bytes(content)
    temporary.chmod(0o755)
    temporary.replace(folder / name)


def sweep(keep: t.Collection[str]) -> None:
    """Remove the folders of images that no handler uses any more."""
    for folder in pathlib.Path(folder_of("x")).parent.glob("*"):
        if str(folder) not in keep:
            shutil.rmtree(folder, ignore_errors=True)
