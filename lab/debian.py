"""Debian as the source of everything: the machine's own mirror, base file systems and single packages from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from lab import cgroup
from lab.command import run
from lab.errors import LabError

APT = Path("/etc/apt")
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")  # of the package debian-archive-keyring
# mmdebstrap in a mount namespace of its own: a build that is killed leaves no mount behind.
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")
FEW_FILES = ("prlimit", "--nofile=1024")  # each of its programs closes as many as there may be, a hundred times over
NO_DOCS = tuple(
    f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "info", "locale", "lintian", "linda")
)
NO_MIRROR = (
    "The lab is made of Debian's packages, and neither /etc/apt/sources.list nor sources.list.d names a mirror of them "
    "(an address that ends in /debian): name one there."
)
ADD_TO_WHAT_IS_THERE = "--skip=check/empty"  # with variant custom
NO_EXPIRY = '--aptopt=Acquire::Check-Valid-Until "false"'


def mirror_of(texts: Iterable[str]) -> str | None:
    """The first Debian archive named in apt's sources, of both formats; security and foreign archives are passed by."""
    for text in texts:
        for line in text.splitlines():
            one_line = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s", line)
            deb822 = re.match(r"URIs:\s*(\S+)", line)
            found = one_line or deb822
            if found and re.search(r"/debian/?$", found[1]):
                return found[1]
    return None


def _own_mirror() -> str | None:
    files = sorted(APT.glob("sources.list.d/*.sources")) + sorted(APT.glob("sources.list"))
    files += sorted(APT.glob("sources.list.d/*.list"))
    return mirror_of(file.read_text() for file in files)


def has_mirror() -> bool:
    """Whether apt of this machine knows a Debian mirror."""
    return _own_mirror() is not None


def mirror() -> str:
    """The Debian mirror this machine itself uses."""
    found = _own_mirror()
    if not found:
        raise LabError(NO_MIRROR)
    return found


def signed_by() -> str:
    """The option of a line of sources.list that names Debian's keys, where they lie apart from apt's own."""
    return f"[signed-by={KEYS}] " if KEYS.exists() else ""


def bootstrap(
    target: Path,
    suite: str,
    packages: Sequence[str],
    *,
    variant: str,
    architecture: str = "amd64",
    options: Sequence[str] = (),
    later: bool = False,
    within: Sequence[str] = OWN_MOUNTS,
) -> None:
    """mmdebstrap into a folder; *later*: others have the processors first. *within*: what it is run by."""
    target.parent.mkdir(parents=True, exist_ok=True)
    argv = ["mmdebstrap", "--quiet", "--mode=root", f"--variant={variant}", f"--architectures={architecture}"]
    argv += [f"--include={','.join(packages)}", "--dpkgopt=force-unsafe-io", *NO_DOCS]
    # Naming the mirror leaves out -security and -updates, whose indexes can be out of step with each other.
    argv += [*options, suite, str(target), mirror()]
    # Its temporary files too lie where a killed build is tidied up.
    temporary = ["env", f"TMPDIR={target.parent}", *(["nice"] if later else [])]
    run(cgroup.inside(cgroup.make(cgroup.WORK), [*within, *FEW_FILES, *temporary, *argv]))
