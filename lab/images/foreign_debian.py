"""A small Debian for each platform, with glibc and programs that use it: what a new emulator is tried with."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.images import busybox, oci, packages, tree

SUITE = "forky"
# The last two are libraries of the programs in coreutils; nothing else of them is used.
PACKAGES = ("libc6", "libc-bin", "dash", "coreutils", "libselinux1", "libpcre2-8-0")
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian")
RUN: oci.Json = {
    "Env": ["PATH=/usr/sbin:/usr/bin"],
    "Cmd": ["sh"],
    "Labels": {"org.opencontainers.image.title": "a few packages of Debian, unpacked and packed by the lab"},
}


def build(layout: Path) -> str:
    """Write the image's layout and return its tag."""
    work = layout / "work"
    wanted = [f"{name}:{architecture}" for architecture in busybox.PLATFORMS for name in PACKAGES]
    archives = iter(packages.download(work, SUITE, wanted))
    images = []
    for architecture, platform in busybox.PLATFORMS.items():
        root = work / f"root-{architecture}"
        for _name in PACKAGES:
            packages.unpack(next(archives), root)
        for unused in (*UNUSED, *(str(each.relative_to(root)) for each in root.glob("usr/lib/*/gconv"))):
            shutil.rmtree(root / unused, ignore_errors=True)
        for folder in ("bin", "sbin", "lib", "lib64"):
            if (root / "usr" / folder).exists():
                tree.link(root, f"/{folder}", f"usr/{folder}")
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        images.append(oci.add_image(layout, platform, [tree.pack(root, work / f"{architecture}.tar")], RUN))
    oci.finish(layout, images)
    shutil.rmtree(work)
    return f"{SUITE}-lab"
