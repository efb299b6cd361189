"""A stand-in for the repository of Docker's own packages: Debian's programs in docker-ce's layout, signed.

Real are the names of the packages, how they depend on and exclude each other, and where their files are
(docker/docker-ce-packaging, deb/common; docker/containerd-packaging). The programs and units are Debian's: Docker 26.1
of Debian 13, Docker 28.5 of testing.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import base, caching, cgroup, openpgp
from lab.command import run
from lab.images.packages import OWN
from lab.topology import FORKY, TRIXIE

SUITE, COMPONENT = "trixie", "stable"
KEY = "key.asc"  # the public one
REVISION = "1~debian.13~trixie~standin"
LABEL = "multiarch.builders lab: a stand-in for Docker's packages"
RELATIONS = {
    "docker-ce": {
        "Depends": "containerd.io, docker-ce-cli, iptables, libsystemd0",
        "Pre-Depends": "init-system-helpers (>= 1.54~)",
        "Conflicts": "docker.io",
    },
    "docker-ce-cli": {"Recommends": "docker-buildx-plugin", "Conflicts": "docker.io, docker-cli"},
    "docker-buildx-plugin": {"Enhances": "docker-ce-cli"},
    "containerd.io": {
        "Depends": "libseccomp2",
        "Pre-Depends": "init-system-helpers (>= 1.54~)",
        "Provides": "containerd, runc",
        "Conflicts": "containerd, runc",
        "Replaces": "containerd, runc",
    },
}
BUILDX = "usr/libexec/docker/cli-plugins/docker-buildx"
PROGRAMS = {
    "docker-ce": {"usr/sbin/dockerd": "usr/bin/dockerd", "usr/sbin/docker-proxy": "usr/bin/docker-proxy"},
    "docker-ce-cli": {"usr/bin/docker": "usr/bin/docker"},
    "docker-buildx-plugin": {BUILDX: BUILDX},
    "containerd.io": {
        f"usr/bin/{name}": f"usr/bin/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr", "runc")
    },
}
UNITS = {"docker-ce": ("docker.service", "docker.socket"), "containerd.io": ("containerd.service",)}
OF_DEBIAN = {
    "docker-ce": "docker.io",
    "docker-ce-cli": "docker-cli",
    "docker-buildx-plugin": "docker-buildx",
    "containerd.io": "containerd",
}
# docker/containerd-packaging, common/containerd.toml
CONTAINERD = 'disabled_plugins = ["cri"]\n'
# What dh_installsystemd writes, in short; the group as in docker-ce's own postinst.
POSTINST = """\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
[ {name} != docker-ce ] || getent group docker >/dev/null || groupadd --system docker
for unit in {units}; do
	deb-systemd-helper unmask $unit >/dev/null || true
	if deb-systemd-helper --quiet was-enabled $unit; then deb-systemd-helper enable $unit >/dev/null || true; fi
done
if [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload >/dev/null || true
	if [ -n "$2" ]; then action=restart; else action=start; fi
	deb-systemd-invoke $action {units} >/dev/null || true
fi
"""
PRERM = """\
#!/bin/sh
set -e
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then deb-systemd-invoke stop {units} >/dev/null || true; fi
"""


@dataclass(frozen=True)
class Package:
    """A package that was built: its control data, with what an index adds to it."""

    control: dict[str, str]
    file: Path


def ensure() -> Path:
    """The folder of the repository, built first where it is missing: dists, pool, and the key."""
    key = caching.key_of(Path(__file__).read_text(), Path(openpgp.__file__).read_text(), TRIXIE, FORKY)
    return caching.ensure("docker-ce-stand-in", key, _build)


def _build(folder: Path) -> None:
    (folder / "pool").mkdir()
    packages = [_package(folder, root, name) for root in map(base.ensure, (TRIXIE, FORKY)) for name in RELATIONS]
    index = folder / "dists" / SUITE / COMPONENT / f"binary-{OWN}"
    index.mkdir(parents=True)
    (index / "Packages").write_text("\n".join("".join(_paragraph(each, folder)) for each in packages))
    release = _release(folder / "dists" / SUITE, index / "Packages")
    signer = openpgp.Signer(f"{LABEL} <nobody@lab.test>")
    (folder / "dists" / SUITE / "Release").write_text(release)
    (folder / "dists" / SUITE / "Release.gpg").write_text(signer.signature(release.encode()))
    (folder / KEY).write_text(signer.public())


def _paragraph(package: Package, folder: Path) -> Iterator[str]:
    content = package.file.read_bytes()
    more = {
        "Filename": str(package.file.relative_to(folder)),
        "Size": str(len(content)),
        "SHA256": hashlib.sha256(content).hexdigest(),
    }
    yield from (f"{name}: {value}\n" for name, value in (package.control | more).items())


def _release(suite: Path, index: Path) -> str:
    content = index.read_bytes()
    fields = {"Origin": LABEL, "Suite": SUITE, "Codename": SUITE, "Architectures": OWN, "Components": COMPONENT}
    fields["Date"] = "Sat, 01 Nov 2025 00:00:00 UTC"
    row = f" {hashlib.sha256(content).hexdigest()} {len(content)} {index.relative_to(suite)}"
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + f"SHA256:\n{row}\n"


def version_of(root: Path, name: str) -> str:
    """The stand-in's version of Debian's, as Docker writes it: 5:28.5.2-1~debian.13~… of 28.5.2+dfsg4-5."""
    paragraphs = (root / "var/lib/dpkg/status").read_text().split("\n\n")
    own = next(each for each in paragraphs if each.startswith(f"Package: {OF_DEBIAN[name]}\n"))
    found = re.search(r"^Version: (?:\d+:)?(\d+\.\d+\.\d+)", own, re.MULTILINE)
    assert found, own
    return f"{'5:' if name.startswith('docker-ce') else ''}{found[1]}-{REVISION}"


def _package(folder: Path, root: Path, name: str) -> Package:
    """Build the package *name* of Debian's files in *root*."""
    version = version_of(root, name)
    tree = folder / ".tree"
    (tree / "DEBIAN").mkdir(parents=True)
    for source, target in PROGRAMS[name].items():
        _copy(root / source, tree / target, 0o755)
    for unit in UNITS.get(name, ()):
        text = (root / "usr/lib/systemd/system" / unit).read_text().replace("/usr/sbin/dockerd", "/usr/bin/dockerd")
        _write(tree / "usr/lib/systemd/system" / unit, text, 0o644)
    if name == "docker-ce":
        # In the folder of docker's own programs since 28.0.
        new = not version.startswith("5:26")
        _copy(root / "usr/bin/docker-init", tree / ("usr/libexec/docker" if new else "usr/bin") / "docker-init", 0o755)
    if name == "containerd.io":
        _write(tree / "etc/containerd/config.toml", CONTAINERD, 0o644)
        _write(tree / "DEBIAN/conffiles", "/etc/containerd/config.toml\n", 0o644)
    if name in UNITS:
        units = " ".join(UNITS[name])
        _write(tree / "DEBIAN/postinst", POSTINST.format(name=name, units=units), 0o755)
        _write(tree / "DEBIAN/prerm", PRERM.format(units=units), 0o755)
    control = {"Package": name, "Version": version, "Architecture": OWN, "Maintainer": "nobody <nobody@lab.test>"}
    control |= {"Section": "admin", "Priority": "optional", **RELATIONS[name], "Description": LABEL}
    _write(tree / "DEBIAN/control", "".join(f"{key}: {value}\n" for key, value in control.items()), 0o644)
    file = folder / "pool" / f"{name}_{version.partition(':')[2] or version}_{OWN}.deb"
    argv = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(file)]
    run(cgroup.inside(cgroup.make(cgroup.WORK), argv))
    shutil.rmtree(tree)
    return Package(control, file)


def _copy(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
