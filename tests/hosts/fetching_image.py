"""An image for a foreign platform whose program fetches by TLS, as none in the lab's base image does: Debian's wget."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import caching, debian
from lab.command import run
from lab.images import oci, tree
from lab.settings import MIRROR_NAME, MIRROR_PORT
from lab.topology import HOSTS

PLATFORM = oci.Platform("arm64")
REPOSITORY = "test/wget"
TAG = "1"
UNUSED = ("usr/share", "usr/lib/*/gconv")
APPLETS = ("cat", "env", "find", "head", "uname")  # for dash; busybox's own shell would take its own wget
RUN = {"Env": ["PATH=/bin"], "Cmd": ["sh"]}


def ensure() -> str:
    """The name of the image in the lab's mirror; unpacked once on this machine, pushed if the mirror lacks it."""
    key = caching.key_of(Path(__file__).read_text())
    layout = caching.ensure("image-fetching", key, _build) / "layout"
    address = next(host.address for host in HOSTS if host.is_registry)
    target = f"docker://{address}:{MIRROR_PORT}/{REPOSITORY}:{TAG}"
    run(["skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false", f"oci:{layout}", target])
    return f"{MIRROR_NAME}:{MIRROR_PORT}/{REPOSITORY}:{TAG}"


def _build(unfinished: Path) -> None:
    layout, root = unfinished / "layout", unfinished / "root"
    layout.mkdir()
    names = ["wget", "dash", "busybox-static"]
    debian.bootstrap(root, "trixie", names, variant="extract", architecture=PLATFORM.architecture)
    for unused in (found for pattern in UNUSED for found in root.glob(pattern)):
        shutil.rmtree(unused)
    for folder in ("bin", "lib"):
        tree.link(root, folder, f"usr/{folder}")
    for applet in APPLETS:
        tree.link(root, f"usr/bin/{applet}", "busybox")
    layer = tree.pack(root, unfinished / "layer.tar")
    oci.finish(layout, [oci.add_image(layout, PLATFORM, [layer], RUN)])
    shutil.rmtree(root)
