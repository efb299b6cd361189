# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary's programs: the image of one platform, pulled by dockerd and exported, or out of an archive on the host.

Neither is ever run as a container. What was pulled is removed again; an image that was there before is there
afterwards, although a dockerd with a graph driver has only one platform of it at a time.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import tarfile
import typing as t
import urllib.parse

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import BrokenError
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.record import RECORD
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.root_tree import Layers
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import (
    Docker,
    NotThereError,
    local_reference,
    split_reference,
)
from ansible_collections.multiarch.builders.plugins.module_utils.docker.readers import reader
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import pulled_images
from ansible_collections.multiarch.builders.plugins.module_utils.state.pulled_images import PulledImage

# moby/moby: distribution/pull_v2.go; daemon/containerd/image_pull.go, until 27 with containerd's words; image.go
_NO_PLATFORM = ("no matching manifest", "no match for platform", "does not match the specified platform")
# The repository of an image that has to make room for a while; its tag is of the digest that it gives back.
_ASIDE = "multiarch-builders/set-aside"
Login = t.Optional[t.Tuple[str, str]]
Open = t.Callable[[str], t.ContextManager[Layers]]
"""Opens the layers of a platform while a block runs."""


class NoPlatformError(BrokenError):
    """The canary has no such platform; *what* says so."""

    def __init__(self, what: str) -> None:
        super().__init__(what, remedy="Take a builder_binfmt_canary that has all emulated platforms")


@contextlib.contextmanager
def pulled(image: str, docker: Docker, login: Login) -> t.Iterator[Open]:
    """The platforms of an image of a registry. Raises HostError if dockerd cannot have it."""
    before, digest = docker.find(_path(image)), split_reference(image)[1]
    left = docker.find(f"/images/{_aside(digest)}/json")  # by a run that was killed
    if left is not None:
        with _set_aside(image, left, docker, login):
            yield lambda platform: _for_now(image, platform, docker, login)
    elif before is None:
        yield lambda platform: _for_now(image, platform, docker, login)
    elif before["Id"] == digest:  # a containerd store has all platforms of an index at once
        yield lambda platform: _exported(image, platform, docker, login, [])
    elif digest.startswith("sha256:"):
        with _set_aside(image, before, docker, login):
            yield lambda platform: _for_now(image, platform, docker, login)
    else:
        added: t.List[str] = []
        try:
            yield lambda platform: _exported(image, platform, docker, login, added)
        finally:
            _restore(image, before, added, docker)


def _aside(digest: str) -> str:
    return f"{_ASIDE}:{digest.rpartition(':')[2][:32]}"


def _path(image: str) -> str:
    return f"/images/{local_reference(image)}/json"


@contextlib.contextmanager
def _for_now(image: str, platform: str, docker: Docker, login: Login) -> t.Iterator[Layers]:
    """The same of one that is not there; it is recorded as long as it is."""
    ours = PulledImage(image)
    pulled_images.note(RECORD, ours, docker)
    try:
        with _exported(image, platform, docker, login, []) as layers:
            yield layers
    finally:
        pulled_images.remove(RECORD, ours, docker)


@contextlib.contextmanager
def _exported(image: str, platform: str, docker: Docker, login: Login, added: t.List[str]) -> t.Iterator[Layers]:
    """Pulls it, adding its id to *added*."""
    _pull(image, platform, docker, login)
    added.append(docker.get(_path(image))["Id"])
    with scratch() as folder:
        archive = folder / "root.tar"
        _export(image, platform, docker, archive)
        yield lambda: _alone(archive)


def _pull(image: str, platform: str, docker: Docker, login: Login) -> None:
    try:
        docker.pull(image, login, platform=platform)
    except HostError as exc:
        if any(each in f"{exc.what} {exc.cause}" for each in _NO_PLATFORM):
            raise NoPlatformError(f"{platform}: builder_binfmt_canary {image} has no such platform") from exc
        raise HostError(f"builder_binfmt_canary: {exc.what}", exc.cause, exc.remedy, exc.said) from exc


def _export(image: str, platform: str, docker: Docker, archive: pathlib.Path) -> None:
    with reader(image, docker, platform) as container, archive.open("wb") as file:
        docker.export(container, file)


@contextlib.contextmanager
def _set_aside(image: str, before: t.Mapping[str, t.Any], docker: Docker, login: Login) -> t.Iterator[None]:
    """Free the image's digest: with a graph driver, it names one platform and no pull gives it to another.

    moby/moby, reference/store.go, addReference().
    """
    aside = _aside(split_reference(image)[1])
    docker.tag(before["Id"], aside)
    with contextlib.suppress(NotThereError):
        docker.delete(f"/images/{local_reference(image)}")
    try:
        yield
    finally:
        names = [before.get("Os") or "linux", before.get("Architecture"), before.get("Variant")]
        docker.pull(image, login, platform="/".join(filter(None, names)))
        docker.delete(f"/images/{aside}")


def set_aside(docker: Docker) -> t.Tuple[str, ...]:
    """The names of images that killed runs have set aside: the next one with the same canary puts them back."""
    query = urllib.parse.quote(json.dumps({"reference": [_ASIDE]}))
    rows = docker.get(f"/images/json?filters={query}")
    names = [name for row in rows for name in row.get("RepoTags") or ()]
    return tuple(sorted(name for name in names if name.startswith(f"{_ASIDE}:")))


def _restore(image: str, before: t.Mapping[str, t.Any], added: t.Sequence[str], docker: Docker) -> None:
    """Make the tag the image that it was *before*, and remove those of *added* that have no name then."""
    others = [each for each in dict.fromkeys(added) if each != before["Id"]]
    if others:
        docker.tag(before["Id"], image)
    for each in others:
        found = docker.find(f"/images/{each}/json")
        if found is not None and not found.get("RepoTags") and not found.get("RepoDigests"):
            docker.delete(f"/images/{each}")


def _alone(archive: pathlib.Path) -> t.Iterator[tarfile.TarFile]:
    with tarfile.open(archive) as tree:
        yield tree


@contextlib.contextmanager
def archived(path: str, platform: str) -> t.Iterator[Layers]:
    """A platform of an OCI image layout in a tar archive, as `docker save` and `buildx build --output type=oci` write.

    opencontainers/image-spec, image-layout.md.
    """
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(tarfile.open(at(path)))
            names = _layers(archive, platform, path)
        except FileNotFoundError:
            raise HostError(f"builder_binfmt_canary: {path} is not on this host: put the archive there first") from None
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as exc:
            raise HostError(f"builder_binfmt_canary: {path} is not an OCI archive: {exc}") from exc
        yield lambda: _each(archive, names)


def _each(archive: tarfile.TarFile, names: t.Iterable[str]) -> t.Iterator[tarfile.TarFile]:
    for name in names:
        with tarfile.open(fileobj=_opened(archive, name)) as tree:
            yield tree


def _layers(archive: tarfile.TarFile, platform: str, path: str) -> t.List[str]:
    """The names of the layers of *platform* in the archive."""
    has = []
    for manifest in _manifests(archive, _read(archive, "index.json")):
        about = _read(archive, _blob(manifest["config"]))
        name = "/".join(filter(None, [about.get("os"), about.get("architecture"), about.get("variant")]))
        # linux/arm64/v8 is linux/arm64, and linux/arm may be any variant
        if platform in (name, name.rpartition("/")[0]) or platform.startswith(f"{name}/"):
            return [_blob(each) for each in manifest["layers"]]
        if not name.startswith("unknown"):  # an attestation of buildx
            has.append(name)
    raise NoPlatformError(f"{platform}: builder_binfmt_canary {path} only has {', '.join(has) or 'nothing'}")


def _manifests(archive: tarfile.TarFile, index: t.Mapping[str, t.Any]) -> t.Iterator[t.Mapping[str, t.Any]]:
    """The manifests of an index and of those in it; some platforms may be left out of an archive (`docker save`)."""
    for each in index["manifests"]:
        try:
            found = _read(archive, _blob(each))
        except KeyError:
            continue
        if "manifests" in found:
            yield from _manifests(archive, found)
        elif "layers" in found and "config" in found:
            yield found


def _blob(descriptor: t.Mapping[str, t.Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


def _read(archive: tarfile.TarFile, name: str) -> t.Mapping[str, t.Any]:
    found = json.load(_opened(archive, name))
    if not isinstance(found, dict):
        raise TypeError(f"{name} is no mapping")
    return found


def _opened(archive: tarfile.TarFile, name: str) -> t.IO[bytes]:
    try:
        file = archive.extractfile(name)
    except KeyError:
        file = archive.extractfile(f"./{name}")  # of a folder that was packed as it is
    if file is None:
        raise KeyError(f"{name} is no file")
    return file
