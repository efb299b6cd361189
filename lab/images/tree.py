"""A layer put together as files in a folder and packed the same way every time, so that digests are stable."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path


def write(root: Path, path: str, content: str, mode: int = 0o644) -> None:
    """Write one file of the layer."""
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    target.chmod(mode)


def link(root: Path, path: str, target: str) -> None:
    """Make one symbolic link of the layer."""
    where = root / path.lstrip("/")
    where.parent.mkdir(parents=True, exist_ok=True)
    where.symlink_to(target)


def remove(path: Path) -> None:
    """Remove a file or a whole folder of the layer."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def pack(root: Path, archive: Path) -> Path:
    """Pack the folder as a layer: sorted, owned by root, without times."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for folder, subfolders, files in os.walk(root):
            subfolders.sort()
            for name in sorted((*files, *subfolders)):
                path = Path(folder, name)
                tar.add(path, str(path.relative_to(root)), recursive=False, filter=_anonymous)
    return archive
