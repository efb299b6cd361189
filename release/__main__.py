"""Makes a release from the commit that is checked out, in .build/release: make release [KEY=FINGERPRINT].

The collection's tarball, its MANIFEST.json, an SBOM and SHA256SUMS; with a key of GnuPG, MANIFEST.json.asc and
SHA256SUMS.asc, too. Nothing is uploaded. docs/release.md has the steps.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from release import tarball
from release.sbom import sbom

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".build/release"
HEADING = re.compile(r"^## \[([^]]+)\] - (.+)$", re.MULTILINE)
SUMS = "SHA256SUMS"


class NotReadyError(Exception):
    """Why there can be no release of this commit."""


def version_of(checkout: Path) -> str:
    """The version, which stands in galaxy.yml."""
    return str(yaml.safe_load((checkout / "galaxy.yml").read_text())["version"])


def check_ready(checkout: Path, version: str) -> None:
    """Raises NotReadyError for changes that are not committed, and for a version without a date in CHANGELOG.md."""
    if not (checkout / ".git").exists():
        raise NotReadyError(
            f"A release is made of a commit, and {checkout} is no checkout of git: clone the repository."
        )
    if changed := tarball.git(checkout, "status", "--porcelain", "--untracked-files=no").decode():
        raise NotReadyError(f"A release is made of a commit, and these files differ from it:\n{changed}Commit them.")
    headings = HEADING.findall((checkout / "CHANGELOG.md").read_text())
    newest, date = headings[0] if headings else ("none", "")
    if newest != version:
        raise NotReadyError(
            f"galaxy.yml says version {version}, the newest of CHANGELOG.md is {newest}: make them the same."
        )
    if not _is_day(date):
        raise NotReadyError(f"CHANGELOG.md says {version} is {date}: give it the date of the release, YYYY-MM-DD.")


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def make(checkout: Path, folder: Path) -> list[Path]:
    """Write all files but the signatures into an empty *folder*; returns them, those with a checksum first."""
    shutil.rmtree(folder, ignore_errors=True)
    version = version_of(checkout)
    built = tarball.build(checkout, folder)
    time = int(tarball.git(checkout, "log", "-1", "--format=%ct"))
    manifest, bom = folder / tarball.MANIFEST, folder / built.name.replace(".tar.gz", ".cdx.json")
    manifest.write_bytes(tarball.manifest_of(built))
    bom.write_text(sbom(version, (checkout / "requirements.txt").read_text(), _sha256(built), time))
    summed = [built, bom, manifest]
    sums = folder / SUMS
    sums.write_text("".join(f"{_sha256(each)}  {each.name}\n" for each in summed))
    return [*summed, sums]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sign(path: Path, key: str) -> Path:
    """Sign a file with a key of GnuPG, as text beside it. Raises CalledProcessError."""
    signature = path.with_name(f"{path.name}.asc")
    command = ["gpg", "--batch", "--yes", "--local-user", key, "--armor", "--detach-sign"]
    subprocess.run([*command, "--output", str(signature), str(path)], check=True)
    return signature


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 made, 1 made but not signed, 2 refused with nothing made."""
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("--key", default="", metavar="FINGERPRINT", help="sign with this key of GnuPG")
    key = parser.parse_args(arguments).key
    try:
        check_ready(ROOT, version_of(ROOT))
    except NotReadyError as error:
        print(error, file=sys.stderr)
        return 2
    made = make(ROOT, FOLDER)
    try:
        made += [sign(FOLDER / name, key) for name in (tarball.MANIFEST, SUMS) if key]
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{FOLDER.relative_to(ROOT)} is made, but not signed with {key}: {error}", file=sys.stderr)
        return 1
    print("\n".join(str(each.relative_to(ROOT)) for each in made))
    print("" if key else "Not signed: make release KEY=FINGERPRINT does it (docs/release.md).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
