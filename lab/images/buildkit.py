"""Stand-in for moby/buildkit: the BuildKit inside Debian's dockerd, reached the way buildx reaches the real one."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import base
from lab.images import oci, packages, tree
from lab.topology import TRIXIE
from lab.vm import root as arm64

STANDINS = Path(__file__).parents[1] / "standins"
SCRIPTS = {"buildkitd": STANDINS / "buildkitd.py", "buildctl": STANDINS / "buildctl.py"}
PACKAGES = (
    *("docker.io", "iptables", "kmod", "mount", "coreutils", "dash", "grep", "procps", "ca-certificates"),
    *("python3-minimal", "libpython3-stdlib"),
)
HISTORY = STANDINS / "history.py"
# 85 MB that are never read: nothing runs in this dockerd but steps of builds, which it gives to runc itself.
UNUSED = (
    *("usr/bin/ctr", "usr/bin/containerd-shim*", "usr/bin/openssl", "usr/bin/tini*", "usr/share"),
    *("usr/lib/*/gconv", "usr/lib/*/libdb-*", "usr/lib/python3*/pydoc_data", "usr/lib/python3*/test"),
)
# What maintainer scripts would have set up, had they run.
ALTERNATIVES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
MERGED = ("bin", "sbin", "lib", "lib64")  # links that base-files and its kin make
BUILDKIT_VERSION = "v0.13.2"  # of Docker 26.1 (its vendor.mod), which Debian 13 has


def build(layout: Path, architecture: str = packages.OWN) -> str:
    """Write the image's layout and return its tag."""
    work = layout / "work"
    root = work / "root"
    installed = base.ensure(TRIXIE) if architecture == packages.OWN else arm64.ensure()
    packages.copy(installed, root, PACKAGES, architecture)
    for name in MERGED:
        if not (root / name).exists():
            tree.link(root, f"/{name}", f"usr/{name}")
    for name in ALTERNATIVES:
        flavour = name.replace("tables", "tables-nft")
        tree.link(root, f"/usr/sbin/{name}", f"/usr/sbin/{flavour}")
    authorities = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    tree.write(root, "/etc/ssl/certs/ca-certificates.crt", "".join(file.read_text() for file in authorities))
    for unused in (found for pattern in UNUSED for found in root.glob(pattern)):
        tree.remove(unused)
    tree.write(root, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    tree.write(root, "/etc/group", "root:x:0:\ndocker:x:999:\n")
    tree.write(root, "/usr/lib/buildkit-stand-in/history.py", HISTORY.read_text())
    for name, script in SCRIPTS.items():
        text = script.read_text().replace("@BUILDKIT_VERSION@", BUILDKIT_VERSION)
        text = text.replace("@ARCHITECTURE@", architecture)
        tree.write(root, f"/usr/bin/{name}", text, 0o755)
    for folder in ("dev", "proc", "sys", "run", "tmp", "var/lib/buildkit"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    run_configuration: oci.Json = {
        "Entrypoint": ["buildkitd"],
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Volumes": {"/var/lib/buildkit": {}},
        "Labels": {"org.opencontainers.image.title": "stand-in for moby/buildkit: dockerd 26.1 of Debian 13"},
    }
    layer = tree.pack(root, work / "layer.tar")
    oci.finish(layout, [oci.add_image(layout, oci.Platform(architecture), [layer], run_configuration)])
    shutil.rmtree(work)
    return oci.tag(f"stand-in-{BUILDKIT_VERSION}", architecture)
