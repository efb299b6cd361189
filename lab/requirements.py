"""What the lab needs of this machine, all of it looked at before anything is changed: python -m lab.requirements."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from errno import EINVAL, ENOSPC, EPERM
from itertools import chain

from lab import cgroup, debian, kernel
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
    "prlimit": "util-linux",
    "mount": "mount",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
PYTHON_NEEDED = (3, 11)
PROCESSOR = "x86_64"  # of the hosts' packages
PRIVILEGED = "start the container with --privileged, or use a virtual machine"
NAMESPACES = {  # what unshare(2) says → the way out
    ENOSPC: "raise user.max_user_namespaces with sysctl",
    EINVAL: "boot a kernel that is built with CONFIG_USER_NS",
    EPERM: f"leave the chroot, or {PRIVILEGED}",  # a chroot's processes may not, and seccomp says the same
}


@dataclass(frozen=True)
class Machine:
    """What was seen of a machine; what cannot be looked at is as the lab needs it."""

    system: str = "Linux"  # uname(1)
    processor: str = PROCESSOR
    uid: int = 0  # the effective one
    release: str = "{}.{}".format(*KERNEL_NEEDED)  # the kernel's
    python: tuple[int, int] = PYTHON_NEEDED
    lacking: tuple[str, ...] = ()  # of kernel.CAPABILITIES
    all_users: bool = True  # False: in a user namespace, where not every uid can be had
    user_namespaces: int = 0  # the errno of making one
    features: tuple[str, ...] = ()  # of kernel.FEATURES, which the kernel has not
    cgroups: str | None = "/sys/fs/cgroup"  # where the unified hierarchy is mounted
    cgroups_writable: bool = True
    mirror: bool = True  # whether apt knows one of Debian
    missing: tuple[str, ...] = ()  # of TOOLS


def kernel_version(release: str) -> tuple[int, int]:
    """(6, 18) of '6.18.44-cloud-amd64'."""
    found = re.match(r"(\d+)\.(\d+)", release)
    if not found:
        raise RefusalError(f"The lab cannot read a version in this kernel's release {release!r}.")
    return int(found[1]), int(found[2])


def refusal(machine: Machine) -> str | None:
    """The one sentence that says why a machine cannot run the lab, and the way out; or None."""
    return next(chain(_of_kernel(machine), _of_rights(machine), _of_system(machine)), None)


def _of_kernel(machine: Machine) -> Iterator[str]:
    if machine.system != "Linux":
        yield f"The lab runs on Linux only, this is {machine.system}: use a virtual machine with Linux."
    elif machine.processor != PROCESSOR:
        yield f"The lab uses Debian's amd64 packages, but this machine is {machine.processor}: use another."
    elif kernel_version(machine.release) < KERNEL_NEEDED:
        yield (
            f"The lab needs Linux {_dotted(KERNEL_NEEDED)} or newer (one binfmt_misc registry for each host), "
            f"this is {machine.release}: boot a newer kernel, or use a virtual machine with one."
        )


def _of_rights(machine: Machine) -> Iterator[str]:
    if machine.uid != 0:
        yield f"The lab starts hosts and mounts file systems: run it as root, not as uid {machine.uid}."
    if machine.lacking:
        lacking = " and ".join(machine.lacking)
        yield f"The lab starts hosts, but root lacks {lacking} here, as in an ordinary container: {PRIVILEGED}."
    if not machine.all_users:
        yield (
            "The lab's hosts need their own range of users, but this user namespace does not have all of them "
            "(/proc/self/uid_map): run it as root of the machine itself, or use a virtual machine."
        )
    if machine.user_namespaces:
        why, way_out = os.strerror(machine.user_namespaces), NAMESPACES.get(machine.user_namespaces, PRIVILEGED)
        yield f"Each host of the lab has a user namespace, but none can be created here (unshare: {why}): {way_out}."


def _of_system(machine: Machine) -> Iterator[str]:
    if machine.features:
        yield (
            f"The lab's hosts need {' and '.join(machine.features)} of the kernel, which Linux {machine.release} does "
            "not have here: load its module, or boot a kernel that has it."
        )
    if machine.cgroups is None:
        yield cgroup.NONE_MOUNTED
    elif not machine.cgroups_writable:
        yield f"The lab creates cgroups, but {machine.cgroups} is not writable, as in a container: {PRIVILEGED}."
    if machine.python < PYTHON_NEEDED:
        needed, found = _dotted(PYTHON_NEEDED), _dotted(machine.python)
        yield f"The lab needs Python {needed} or newer, this is {found}: select another with `make PYTHON=…`"
    if not machine.mirror:
        yield debian.NO_MIRROR
    if machine.missing:
        packages = " ".join(sorted({TOOLS[tool] for tool in machine.missing}))
        yield f"The lab needs {', '.join(machine.missing)}: apt-get install {packages}"


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def observe() -> Machine:
    """This machine, without its tools; where it cannot be Linux with root, nothing more is asked."""
    machine = Machine(
        system=platform.system(),
        processor=platform.machine(),
        uid=os.geteuid() if hasattr(os, "geteuid") else -1,
        release=platform.release(),
        python=sys.version_info[:2],
    )
    if machine.uid != 0 or next(_of_kernel(machine), None):
        return machine
    hierarchies = cgroup.mounted("cgroup2")
    return replace(
        machine,
        lacking=kernel.lacking_capabilities(),
        all_users=kernel.has_all_users(),
        user_namespaces=kernel.user_namespace_error(),
        features=kernel.missing_features(),
        cgroups=str(hierarchies[0]) if hierarchies else None,
        cgroups_writable=bool(hierarchies) and os.access(hierarchies[0], os.W_OK),
        mirror=debian.has_mirror(),
    )


def reason() -> str | None:
    """Why this machine cannot have the lab, whatever is installed; or None."""
    return refusal(observe())


def require_all() -> None:
    """Refuse this machine in one sentence, or return; what is installed counts too."""
    os.environ["PATH"] += os.pathsep + "/usr/sbin:/sbin"  # where iptables is, also after a plain `su`
    missing = tuple(tool for tool in TOOLS if not shutil.which(tool))
    if found := refusal(replace(observe(), missing=missing)):
        raise RefusalError(found)


def main() -> int:
    """What `make` asks before it installs anything: exit status 2 and the sentence, or 0."""
    try:
        found = reason()
    except RefusalError as error:
        found = str(error)
    if found:
        print(f"{found} `make test` runs everything that needs no lab.", file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
