"""A small multi-architecture base image: Debian's busybox-static for each platform, and links for its applets."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.command import run
from lab.images import oci, packages, tree

# Debian's architecture → the platform as images name it
PLATFORMS = {
    "amd64": oci.Platform("amd64"),
    "arm64": oci.Platform("arm64"),
    "armhf": oci.Platform("arm", "v7"),
    "riscv64": oci.Platform("riscv64"),
    "s390x": oci.Platform("s390x"),
    "ppc64el": oci.Platform("ppc64le"),
}
RUN: oci.Json = {
    "Env": ["PATH=/bin"],
    "Cmd": ["sh"],
    "Labels": {"org.opencontainers.image.title": "busybox of Debian's busybox-static, packed by the lab"},
}
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP = "root:x:0:\nnogroup:x:65534:\n"


def build(layout: Path) -> str:
    """Write the image's layout and return its tag."""
    work = layout / "work"
    archives = packages.download(work, "trixie", [f"busybox-static:{name}" for name in PLATFORMS])
    for debian_name, archive in zip(PLATFORMS, archives, strict=True):
        packages.unpack(archive, work / debian_name, "usr/bin/busybox")
    binaries = {debian_name: work / debian_name / "usr/bin/busybox" for debian_name in PLATFORMS}
    applets = run([str(binaries["amd64"]), "--list"]).split()
    images = []
    for debian_name, platform in PLATFORMS.items():
        root = work / f"root-{debian_name}"
        (root / "bin").mkdir(parents=True)
        shutil.copy2(binaries[debian_name], root / "bin/busybox")
        for applet in applets:
            if applet != "busybox":
                tree.link(root, f"/bin/{applet}", "busybox")
        tree.write(root, "/etc/passwd", PASSWD)
        tree.write(root, "/etc/group", GROUP)
        for folder, mode in (("tmp", 0o1777), ("root", 0o700), ("var", 0o755)):
            (root / folder).mkdir()
            (root / folder).chmod(mode)
        layer = tree.pack(root, work / f"{debian_name}.tar")
        images.append(oci.add_image(layout, platform, [layer], RUN))
    oci.finish(layout, images)
    version = run([str(binaries["amd64"])]).split()[1].lstrip("v")
    shutil.rmtree(work)
    return f"{version}-debian"
