"""Single Debian packages, of any suite and architecture, unpacked without being installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab import debian

SUITES = {"trixie": (), "forky": (debian.NO_EXPIRY,)}


def extract(target: Path, suite: str, packages: Sequence[str], architecture: str = "amd64") -> None:
    """Unpack packages and what they depend on; no script of theirs runs, so a foreign architecture is fine."""
    debian.bootstrap(target, suite, packages, variant="extract", architectures=architecture, options=SUITES[suite])
