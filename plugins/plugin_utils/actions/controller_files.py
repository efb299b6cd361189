# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller, searched for as Ansible does, and decrypted if they are vaulted."""

from __future__ import annotations

import errno
import os
import stat
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError, AnsibleFileNotFound

LARGEST = 1024 * 1024
"""Bytes. buildx reads no more of a certificate (docker/buildx, util/confutil/container.go, readFile)."""


class Loader(t.Protocol):
    """The part of Ansible's DataLoader that is used here."""

    def get_real_file(self, file_path: str, decrypt: bool = True) -> str: ...

    def cleanup_tmp_file(self, file_path: str) -> None: ...


def find(path: str, find_needle: t.Callable[[str, str], str], inventory_dir: str | None) -> str:
    """The absolute path of *path*: as `copy` finds its `src`, else next to the inventory.

    *find_needle* is the action plugin's. Raises FileNotFoundError.
    """
    expanded = os.path.expanduser(path)  # noqa: PTH111  (Path.expanduser raises if there is no such user)
    try:
        return find_needle("files", expanded)
    except AnsibleFileNotFound:
        beside = Path(inventory_dir or "", expanded)
        if inventory_dir and beside.exists():
            return str(beside)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None


def read(path: str, loader: Loader) -> bytes:
    """The content of the file *path*, decrypted. Raises OSError: no regular file, too large, cannot be decrypted."""
    state = Path(path).stat()
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    if state.st_size > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST} bytes", path)
    try:
        real = loader.get_real_file(path)
    except AnsibleError as exc:
        raise OSError(errno.EACCES, "it cannot be read or decrypted; check the vault password", path) from exc
    try:
        return Path(real).read_bytes()
    finally:
        loader.cleanup_tmp_file(real)
