"""The real images, for tests of what the lab's stand-ins cannot do."""

from __future__ import annotations

import os

import pytest

from lab.images import store
from lab.images.sources import STAND_IN
from tests.hosts.lab import lab


def is_stand_in(name: str) -> bool:
    """Whether the mirror serves a stand-in for the image *name*."""
    return store.listed()[name][0] == STAND_IN


def real_image(name: str) -> str:
    """The reference of the real image *name*, buildkit or binfmt, which the mirror serves.

    Where the lab has a stand-in, the real one is served beside it, from the folder in MULTIARCH_LAB_IMAGES; without
    that the test is skipped.
    """
    source, reference = store.listed()[name]
    if source != STAND_IN:
        return reference
    if not os.environ.get("MULTIARCH_LAB_IMAGES"):
        pytest.skip(f"the lab has a stand-in for {name}, and this needs the real one: make real IMAGES=DIR")
    lab("image", f"real_{name}")
    return store.listed()[f"real_{name}"][1]
