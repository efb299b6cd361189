"""Stand-in for tonistiigi/binfmt: Debian's static QEMU binaries behind the same interface."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from lab.command import run
from lab.images import oci, packages, tree

SCRIPT = Path(__file__).parents[1] / "standins/binfmt.sh"
# Of a processor for others: 15 MB each; Debian's package has more.
EMULATORS = {
    "amd64": ("aarch64", "arm", "ppc64le", "riscv64", "s390x"),
    "arm64": ("arm", "ppc64le", "riscv64", "s390x", "x86_64"),
}


def version_of(package: str) -> str:
    """10.0.13 of Debian's 1:10.0.13+ds-0+deb13u1."""
    return re.sub(r"^\d+:|[^\d.].*", "", package.strip())


def build(layout: Path, suite: str, architecture: str = packages.OWN) -> str:
    """Write the image's layout with the QEMU of one Debian suite and return its tag."""
    work = layout / "work"
    root = work / "root"
    names = [f"{name}:{architecture}" for name in ("qemu-user", "busybox-static")]
    qemu, busybox = packages.download(work, suite, names)
    packages.unpack(qemu, root, *(f"usr/bin/qemu-{emulator}" for emulator in EMULATORS[architecture]))
    packages.unpack(busybox, root, "usr/bin/busybox")
    (root / "tmp").mkdir()
    tree.link(root, "/bin/sh", "/usr/bin/busybox")
    version = version_of(run(["dpkg-deb", "--field", str(qemu), "Version"]))
    tree.write(root, "/usr/bin/binfmt", SCRIPT.read_text().replace("@QEMU_VERSION@", version), 0o755)
    run_configuration: oci.Json = {
        "Entrypoint": ["/usr/bin/binfmt"],
        "Volumes": {"/tmp": {}},  # as the real one
        # As the real image has it; QEMU_PRESERVE_ARGV0 adds the flag P (its Dockerfile).
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "QEMU_PRESERVE_ARGV0=1"],
        "Labels": {
            "org.opencontainers.image.title": f"stand-in for tonistiigi/binfmt: QEMU {version} of Debian {suite}"
        },
    }
    layer = tree.pack(root, work / "layer.tar")
    image = oci.add_image(layout, oci.Platform(architecture), [layer], run_configuration)
    oci.finish(layout, [image])
    shutil.rmtree(work)
    return oci.tag(f"stand-in-qemu-v{version}", architecture)
