"""The images the mirror serves, and for each one its archive, its pin and its stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.errors import LabError
from lab.images import binfmt, buildkit, busybox, foreign_debian
from lab.images.sources import Reference

sys.path.insert(0, str(Path(__file__).parents[2] / ".ansible/collections"))
from ansible_collections.multiarch.builders.plugins.module_utils.model import options

HERE = Path(__file__).parent


def no_stand_in(_layout: Path) -> str:
    """In place of a stand-in, for what has to be the real image. Raises LabError."""
    raise LabError(
        "There is no archive of the real image, and Docker Hub does not answer. Name a folder with one: --images DIR, "
        "or MULTIARCH_LAB_IMAGES=DIR; lab/README.md says how to make it."
    )


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


# The collection's own pins, and other emulators for upgrades, whose index digest is from a public repository (2026-11).
BINFMT = Reference.of(options.BINFMT_IMAGE)
BUILDKIT = Reference.of(options.BUILDKIT_IMAGE)
BINFMT_OTHER = Reference(
    "tonistiigi/binfmt",
    "qemu-v10.2.1",
    "sha256:d3b963f787999e6c0219a48dba02978769286ff61a5f4d26245cb6a6e5567ea3",
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
    # Beside the stand-ins, for the tests that need the real ones.
    Image("real_binfmt", "tonistiigi/binfmt", no_stand_in, (), "tonistiigi-binfmt.tar", BINFMT, default=False),
    Image("real_buildkit", "moby/buildkit", no_stand_in, (), "moby-buildkit.tar", BUILDKIT, default=False),
    Image("base", "library/busybox", busybox.build, (HERE / "busybox.py",)),
    Image(
        "canary",
        "library/debian",
        foreign_debian.build,
        (HERE / "foreign_debian.py", HERE / "busybox.py"),
        default=False,
    ),
)
