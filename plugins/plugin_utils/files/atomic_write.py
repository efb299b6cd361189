# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files on the controller."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str, mode: int | None = None) -> None:
    """Replace the file with *text*, creating its directories. Raises OSError.

    *mode* are its permissions, which it has from the beginning; by default those of a new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0)
    os.umask(mask)
    content = text.encode("utf-8", errors="replace")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as new:  # 0600
        try:
            new.write(content)
            new.flush()
            if mode is not None:  # a key, which nothing could restore
                os.fsync(new.fileno())
            new.close()
            Path(new.name).chmod(0o666 & ~mask if mode is None else mode)
            Path(new.name).replace(path)
        except BaseException:  # also an interrupt: it may be a key, or a page in the folder of a web server
            Path(new.name).unlink(missing_ok=True)
            raise
