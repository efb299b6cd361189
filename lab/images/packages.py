"""Single Debian packages without an installation: their files, of any suite and architecture, or of a base we have."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from lab import cgroup, debian
from lab.command import run

OWN = "amd64"  # the architecture of this machine
DEPENDENCIES = ("--recurse", "--installed", "--important", "--no-suggests")  # --important: no recommended ones


def download(work: Path, suite: str, packages: Sequence[str]) -> list[Path]:
    """Fetch packages into a folder: 'busybox-static' or 'busybox-static:arm64'; return their files in that order."""
    named = [(name, architecture or OWN) for name, _, architecture in (one.partition(":") for one in packages)]
    state = work / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial", "deb"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb {debian.signed_by()}{debian.mirror()} {suite} main\n")
    options = {
        "Dir::State": state / "state",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "APT::Architecture": OWN,
        "APT::Architectures": ",".join(dict.fromkeys((OWN, *(architecture for _, architecture in named)))),
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::CompressionTypes::Order::": "gz",  # twice as fast to read as xz
        "Acquire::GzipIndexes": "true",
        "Acquire::Check-Valid-Until": "false",  # of Debian testing, whose index may be older
    }
    apt = ["apt-get", "-qq", *(f"--option={name}={value}" for name, value in options.items())]
    _run([*apt, "update"])
    _run(["env", f"--chdir={state / 'deb'}", *apt, "download", *packages])
    return [next((state / "deb").glob(f"{name}_*_{architecture}.deb")) for name, architecture in named]


def unpack(package: Path, target: Path, *paths: str) -> None:
    """Unpack some files of a package: 'usr/bin/busybox'."""
    target.mkdir(parents=True, exist_ok=True)
    script = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" "${@:3}"'
    _run(["bash", "-o", "pipefail", "-c", script, "bash", str(package), str(target), *(f"./{path}" for path in paths)])


def copy(root: Path, target: Path, packages: Sequence[str], architecture: str = OWN) -> None:
    """Copy the files of packages, and of what they depend on, out of a file system where they are installed."""
    status = root / "var/lib/dpkg"
    apt = [f"--option=Dir::State::status={status / 'status'}", "--option=Dir::State::lists=/dev/null"]
    apt += [f"--option=APT::Architecture={architecture}", f"--option=APT::Architectures={architecture}"]
    apt += ["--option=Dir::Etc::SourceList=/dev/null", "--option=Dir::Etc::SourceParts=/dev/null"]
    apt += ["--option=Dir::Cache::pkgcache=", "--option=Dir::Cache::srcpkgcache="]
    lines = run(["apt-cache", *apt, "depends", *DEPENDENCIES, *packages]).splitlines()
    wanted = {line for line in lines if not line.startswith((" ", "<"))}
    paths = run(["dpkg-query", f"--admindir={status}", "--listfiles", *sorted(wanted)]).splitlines()
    for path in sorted({line.lstrip("/") for line in paths if line.startswith("/") and line != "/."}):
        _copy_one(root / path, target / path)


def _copy_one(source: Path, target: Path) -> None:
    """A file or link; folders come with what is in them, and what an installation left out stays out."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
    elif source.is_symlink() or source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _run(argv: Sequence[str]) -> None:
    run(cgroup.inside(cgroup.make(cgroup.WORK), argv))
