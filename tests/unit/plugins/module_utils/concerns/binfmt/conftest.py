# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulators of Debian's qemu-user or qemu-user-static, from PATH or the folder MULTIARCH_QEMU_DIR."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat


@pytest.fixture
def emulator() -> Callable[[ElfFormat], Path]:
    """Find the emulator of a format, or skip the test."""

    def find(fmt: ElfFormat) -> Path:
        search = os.pathsep.join([os.environ.get("MULTIARCH_QEMU_DIR", ""), os.environ.get("PATH", "")])
        for name in (f"{fmt.binary}-static", fmt.binary):
            if found := shutil.which(name, path=search):
                return Path(found).resolve()
        pytest.skip(f"{fmt.binary} is neither on PATH nor in MULTIARCH_QEMU_DIR")

    return find
