# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs that were recorded on hosts of the lab, with Docker 26.1.5, 28.5.2 and, in docker-ce's layout, 29.7.2.

Each stands in its file below `=== TITLE` and `--- CAUSE`, what is made of it.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


def cases(name: str) -> list[t.Any]:
    """(output, cause) of each in the file, by its title."""
    parts = re.split(r"^=== (.*)\n--- ?(.*)\n", (DATA / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    rows = zip(parts[1::3], parts[2::3], parts[3::3])
    return [pytest.param(output, cause, id=title) for title, cause, output in rows]
