"""What the lab needs of this machine, all of it looked at before anything is changed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys

from lab.errors import RefusalError
from lab.settings import KERNEL_NEEDED

TOOLS = {  # command → the Debian package that has it
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "skopeo": "skopeo",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}


def kernel_version(release: str) -> tuple[int, int]:
    """(6, 18) of '6.18.44-cloud-amd64'."""
    found = re.match(r"(\d+)\.(\d+)", release)
    if not found:
        raise RefusalError(f"The lab cannot read a version in this kernel's release {release!r}.")
    return int(found[1]), int(found[2])


def refusal(system: str, uid: int, release: str, missing: list[str]) -> str | None:
    """The one sentence that says why a machine cannot run the lab, or None."""
    if system != "Linux":
        return f"The lab runs on Linux only, this is {system}."
    if uid != 0:
        return f"The lab starts hosts and mounts file systems: run it as root, not as uid {uid}."
    if kernel_version(release) < KERNEL_NEEDED:
        needed = ".".join(map(str, KERNEL_NEEDED))
        return f"The lab needs Linux {needed} or newer (one binfmt_misc registry for each host), this is {release}."
    if missing:
        packages = " ".join(sorted({TOOLS[tool] for tool in missing}))
        return f"The lab needs {', '.join(missing)}: apt-get install {packages}"
    return None


def require_all() -> None:
    """Refuse this machine in one sentence, or return."""
    os.environ["PATH"] += os.pathsep + "/usr/sbin:/sbin"  # where iptables is, also after a plain `su`
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    uid = os.geteuid() if hasattr(os, "geteuid") else -1
    reason = refusal(platform.system(), uid, platform.release(), missing)
    if reason:
        raise RefusalError(reason)
    if sys.version_info < (3, 11):
        raise RefusalError(f"The lab needs Python 3.11 or newer, this is {platform.python_version()}.")
