"""Where an image can come from: an archive that someone gives, Docker Hub, or a stand-in made here."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from lab.command import run
from lab.errors import LabError, RefusalError

ARCHIVE, PULLED, STAND_IN = "archive", "pulled", "stand-in"
PULL_SECONDS = 600.0
PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class Reference:
    """An image pinned by tag and digest."""

    repository: str
    tag: str
    digest: str

    @classmethod
    def of(cls, text: str) -> Reference:
        """The image of ``docker.io/REPOSITORY:TAG@DIGEST``."""
        name, _at, digest = text.removeprefix("docker.io/").partition("@")
        repository, _colon, tag = name.partition(":")
        return cls(repository, tag, digest)

    def __str__(self) -> str:
        return f"docker.io/{self.repository}:{self.tag}@{self.digest}"


def archive_tag(archive: Path, otherwise: str) -> str:
    """The tag that `docker save` wrote into an archive."""
    try:
        with tarfile.open(archive) as tar:
            manifest = tar.extractfile("manifest.json")
            entries = json.load(manifest) if manifest else []
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise RefusalError(f"{archive} is no image archive as `docker save` writes it.") from error
    if len(entries) != 1:
        raise RefusalError(f"{archive} holds {len(entries)} images; save one: docker save -o {archive.name} IMAGE")
    tags = entries[0].get("RepoTags") or []
    return str(tags[0]).rpartition(":")[2] if tags else otherwise


def unpack_archive(archive: Path, layout: Path) -> None:
    """Turn an archive into a layout; it holds one platform, whatever the registry once had."""
    run(["skopeo", "copy", "--quiet", f"docker-archive:{archive}", f"oci:{layout}"])


def pull(pin: Reference, layout: Path) -> None:
    """Pull every platform of a pinned image, with its digests as they are."""
    source = f"docker://docker.io/{pin.repository}@{pin.digest}"
    argv = ["skopeo", "copy", "--quiet", "--all", "--preserve-digests", source, f"oci:{layout}"]
    run(argv, timeout=PULL_SECONDS)


def hub_answers(pin: Reference) -> bool:
    """Whether Docker Hub serves this image to this machine now."""
    source = f"docker://docker.io/{pin.repository}@{pin.digest}"
    try:
        run(["skopeo", "inspect", "--raw", source], timeout=PROBE_SECONDS)
    except LabError:
        return False
    return True
