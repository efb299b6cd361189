"""The images the mirror serves, and for each one its archive, its pin and its stand-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.images import binfmt, buildkit, busybox, foreign_debian
from lab.images.sources import Reference

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Image:
    """One image under one name in images.json."""

    name: str
    repository: str
    build: Callable[[Path], str]  # writes the stand-in's layout, returns its tag
    sources: tuple[Path, ...]  # the files that decide what the stand-in is
    archive: str | None = None
    pin: Reference | None = None
    default: bool = True  # False: served once somebody asks for it: python -m lab image NAME


# Index digests, each found identical in several public repositories (November 2026).
BINFMT = Reference(
    "tonistiigi/binfmt",
    "qemu-v10.2.3-68",
    "sha256:400a4873b838d1b89194d982c45e5fb3cda4593fbfd7e08a02e76b03b21166f0",
)
BINFMT_OTHER = Reference(
    "tonistiigi/binfmt",
    "qemu-v10.2.1",
    "sha256:d3b963f787999e6c0219a48dba02978769286ff61a5f4d26245cb6a6e5567ea3",
)
BUILDKIT = Reference(
    "moby/buildkit",
    "v0.33.0",
    "sha256:6c2fa84a6b61ccd72899dde4239f8d5717f05f9a8ca6f3cad185fb1a95a94de3",
)

BINFMT_FILES = (HERE / "binfmt.py", binfmt.SCRIPT)
BUILDKIT_FILES = (HERE / "buildkit.py", HERE.parent / "base.py", buildkit.HISTORY, *buildkit.SCRIPTS.values())
IMAGES = (
    Image(
        "binfmt",
        "tonistiigi/binfmt",
        partial(binfmt.build, suite="trixie"),
        BINFMT_FILES,
        "tonistiigi-binfmt.tar",
        BINFMT,
    ),
    Image(
        "binfmt_other",
        "tonistiigi/binfmt",
        partial(binfmt.build, suite="forky"),
        BINFMT_FILES,
        "tonistiigi-binfmt-other.tar",
        BINFMT_OTHER,
        default=False,
    ),
    Image(
        "buildkit",
        "moby/buildkit",
        buildkit.build,
        BUILDKIT_FILES,
        "moby-buildkit.tar",
        BUILDKIT,
    ),
    # For virtual machines (lab/vm), which ask for them; a pulled image is for all platforms.
    Image(
        "binfmt_arm64",
        "tonistiigi/binfmt",
        partial(binfmt.build, suite="trixie", architecture="arm64"),
        BINFMT_FILES,
        "tonistiigi-binfmt-arm64.tar",
        BINFMT,
        default=False,
    ),
    Image(
        "buildkit_arm64",
        "moby/buildkit",
        partial(buildkit.build, architecture="arm64"),
        (*BUILDKIT_FILES, HERE.parent / "vm/root.py"),
        "moby-buildkit-arm64.tar",
        BUILDKIT,
        default=False,
    ),
    Image("base", "library/busybox", busybox.build, (HERE / "busybox.py",)),
    Image(
        "canary",
        "library/debian",
        foreign_debian.build,
        (HERE / "foreign_debian.py", HERE / "busybox.py"),
        default=False,
    ),
)
