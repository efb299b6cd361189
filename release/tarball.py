"""The collection's tarball, the same bytes from the same commit, wherever and whenever it is built.

`ansible-galaxy collection build` decides what is in it. The times, the order and gzip's header are set here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

MANIFEST, FILES = "MANIFEST.json", "FILES.json"
Contents = dict[str, bytes]


# What a user may have set, and what would change the bytes of `git archive` or the words of `git log`.
_AS_COMMITTED = (
    "core.autocrlf=false",
    f"core.attributesFile={os.devnull}",
    "tar.umask=0022",
    "log.showSignature=false",
)


def git(checkout: Path, *arguments: str) -> bytes:
    """What git prints, whatever its user has configured. Raises CalledProcessError."""
    settings = [word for each in _AS_COMMITTED for word in ("-c", each)]
    return subprocess.run(["git", *settings, *arguments], cwd=checkout, stdout=subprocess.PIPE, check=True).stdout


def build(checkout: Path, folder: Path, commit: str = "HEAD") -> Path:
    """Build the tarball of a *commit* of the *checkout* into *folder*; files that are not committed play no part.

    All times in it are the commit's. Raises CalledProcessError.
    """
    time = int(git(checkout, "log", "-1", "--format=%ct", commit))
    with tempfile.TemporaryDirectory() as work:
        source, built = Path(work, "source"), Path(work, "built")
        with tarfile.open(fileobj=io.BytesIO(git(checkout, "archive", "--format=tar", commit))) as archive:
            archive.extractall(source, filter="data")
        _galaxy("build", "--output-path", str(built), str(source), folder=work)
        (raw,) = built.glob("*.tar.gz")
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / raw.name
        target.write_bytes(normalised(raw, time))
    return target


def normalised(raw: Path, time: int) -> bytes:
    """A tarball as `ansible-galaxy` built it, with its files in order, and *time* (seconds since 1970) everywhere."""
    with tarfile.open(raw) as archive:
        members = {each.name: each for each in archive}
        contents = {name: _content(archive, each) for name, each in members.items()}
    _sort_files(contents)
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        for name in sorted(members, key=lambda name: (name != MANIFEST, name != FILES, name)):
            members[name].mtime, members[name].size = time, len(contents[name])
            archive.addfile(members[name], io.BytesIO(contents[name]))
    return gzip.compress(unpacked.getvalue(), mtime=time)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isfile() else None
    return file.read() if file else b""


def _sort_files(contents: Contents) -> None:
    """Sort the list of files, which has the order of the directory it was built from, and note its new checksum."""
    files, manifest = json.loads(contents[FILES]), json.loads(contents[MANIFEST])
    files["files"].sort(key=lambda each: each["name"])
    contents[FILES] = _json(files)
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents[FILES]).hexdigest()
    contents[MANIFEST] = _json(manifest)


def _json(data: Any) -> bytes:
    """As `ansible-galaxy` writes it."""
    return json.dumps(data, indent=1).encode()


def manifest_of(tarball: Path) -> bytes:
    """The tarball's MANIFEST.json, which has a checksum of all else: what Galaxy's signatures are made of."""
    with tarfile.open(tarball) as archive:
        return _content(archive, archive.getmember(MANIFEST))


def _galaxy(*arguments: str, folder: str) -> None:
    """`ansible-galaxy collection` of this Python's environment, without settings of the checkout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    command = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection", *arguments]
    subprocess.run(command, cwd=folder, env=clean, stdout=subprocess.DEVNULL, check=True)
