# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host of some of these tests has besides."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def var_tmp(tmp_path: Path) -> Path:
    """The folder of temporary folders."""
    folder = tmp_path / "var/tmp"
    folder.mkdir(parents=True)
    return folder
