"""Stand-in for tonistiigi/binfmt: Debian's static QEMU binaries behind the same interface."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.command import run
from lab.images import oci, packages, tree

SCRIPT = Path(__file__).parents[1] / "standins/binfmt.sh"
EMULATORS = ("aarch64", "arm", "ppc64le", "riscv64", "s390x")  # 15 MB each; Debian's package has more


def build(layout: Path, suite: str) -> str:
    """Write the image's layout with the QEMU of one Debian suite and return its tag."""
    work = layout / "work"
    root = work / "root"
    qemu, busybox = packages.download(work, suite, ["qemu-user", "busybox-static"])
    packages.unpack(qemu, root, *(f"usr/bin/qemu-{emulator}" for emulator in EMULATORS))
    packages.unpack(busybox, root, "usr/bin/busybox")
    (root / "tmp").mkdir()
    tree.link(root, "/bin/sh", "/usr/bin/busybox")
    version = run([str(root / "usr/bin/qemu-aarch64"), "--version"]).split()[2]
    tree.write(root, "/usr/bin/binfmt", SCRIPT.read_text().replace("@QEMU_VERSION@", version), 0o755)
    run_configuration: oci.Json = {
        "Entrypoint": ["/usr/bin/binfmt"],
        # As the real image has it; QEMU_PRESERVE_ARGV0 adds the flag P (its Dockerfile).
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "QEMU_PRESERVE_ARGV0=1"],
        "Labels": {
            "org.opencontainers.image.title": f"stand-in for tonistiigi/binfmt: QEMU {version} of Debian {suite}"
        },
    }
    layer = tree.pack(root, work / "layer.tar")
    image = oci.add_image(layout, oci.Platform("amd64"), [layer], run_configuration)
    oci.finish(layout, [image])
    shutil.rmtree(work)
    return f"stand-in-qemu-v{version}"
