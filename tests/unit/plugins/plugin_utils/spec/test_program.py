# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that stay on hosts: each has all that it needs and nothing of Ansible, and equal code gives equal bytes."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec import program

PACKAGE = "ansible_collections.multiarch.builders.plugins.module_utils"


PROGRAMS = {
    program.GUARD: ["guard.duties", "concerns.binfmt.decide"],
    program.SERVE: ["serve.relay", "concerns.serve.installed"],
}


@pytest.mark.parametrize("first", PROGRAMS)
def test_equal_code_gives_equal_bytes(first: str) -> None:
    made = program.content(first)
    program.content.cache_clear()
    assert program.content(first) == made
    rows = zipfile.ZipFile(io.BytesIO(made)).infolist()
    assert [each.filename for each in rows] == sorted(each.filename for each in rows)
    assert {(each.date_time, each.compress_type) for each in rows} == {((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)}


@pytest.mark.parametrize("first", PROGRAMS)
def test_all_of_it_imports_without_the_collection_and_without_ansible(first: str, tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(program.content(first))
    names = zipfile.ZipFile(path).namelist()
    modules = [name.removesuffix(".py").replace("/", ".") for name in names if not name.endswith("__.py")]
    assert {f"{PACKAGE}.{each}" for each in PROGRAMS[first]} <= set(modules)
    script = "import importlib, sys; sys.path.insert(0, sys.argv[1]); [*map(importlib.import_module, sys.argv[2:])]"
    done = subprocess.run(
        [sys.executable, "-ISB", "-c", script, path, *modules], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_what_is_imported() -> None:
    text = f"""
from {PACKAGE}.host import files, look  # a comment
from {PACKAGE}.host.files import (
    read,  # another
    write,
)
    from {PACKAGE}.concerns.guard.record import RECORD as GUARD
from {PACKAGE}.state import record as known
"""
    assert list(program.imported(text)) == [
        "module_utils.host.files",
        "module_utils.host.look",
        "module_utils.host.files",
        "module_utils.concerns.guard.record",
        "module_utils.state.record",
    ]
