# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Atomic writes of files on the controller."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace the file with *text*, creating its directories, with default permissions. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = os.umask(0)
    os.umask(mask)
    content = text.encode("utf-8", errors="replace")
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as new:
        try:
            new.write(content)
            new.close()
            Path(new.name).chmod(0o666 & ~mask)
            Path(new.name).replace(path)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise
