"""A small trust store: `update-ca-certificates` takes 7 ms for each authority, and Debian has 150."""

from __future__ import annotations

from pathlib import Path

from lab.disk import File

AUTHORITIES = 5
CHOSEN, BUNDLE, SOURCES = "/etc/ca-certificates.conf", "/etc/ssl/certs/ca-certificates.crt", "usr/share/ca-certificates"


def files(base: Path) -> list[File]:
    """The first of the base's authorities, and the bundle that `update-ca-certificates` makes of them."""
    lines = (base / CHOSEN.lstrip("/")).read_text().splitlines()
    names = [line for line in lines if line and not line.startswith(("#", "!"))][:AUTHORITIES]
    bundle = "".join((base / SOURCES / name).read_text().rstrip("\n") + "\n" for name in names)
    return [File(CHOSEN, "".join(f"{name}\n" for name in names)), File(BUNDLE, bundle)]
