# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled code on a host: real processes that import from a real zip, as Ansible's modules do."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host import compiled

# Says what the module in the zip has, and how many sources zipimport compiled for it.
PROGRAM = """
import importlib.util, sys, zipimport
spec = importlib.util.spec_from_file_location("compiled", sys.argv[1])
compiled = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compiled)
compiled.FOLDER = sys.argv[2]
count, compile_source = [], zipimport._compile_source
zipimport._compile_source = lambda *arguments: count.append(1) or compile_source(*arguments)
compiled.keep()
sys.path.insert(0, sys.argv[3])
import module
print(module.VALUE, len(count))
if sys.argv[4:]:
    compiled.forget()
"""


@pytest.fixture
def imports(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """(source of the module, more arguments) → (its VALUE, how many sources were compiled)."""
    (tmp_path / "run").mkdir()

    def run(source: str, *more: str) -> tuple[str, str]:
        file = tmp_path / "modules.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("module.py", source)
        command = [sys.executable, "-c", PROGRAM, compiled.__file__, str(tmp_path / "run"), str(file), *more]
        value, count = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        return value, count

    return run


def kept(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "run").iterdir()
    return file


def test_code_is_compiled_once(imports: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    assert imports("VALUE = 1") == ("1", "1")
    assert imports("VALUE = 1") == ("1", "0")
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o600


def test_other_source_is_other_code(imports: Callable[..., tuple[str, str]]) -> None:
    assert imports("VALUE = 1") == ("1", "1")
    assert imports("VALUE = 2") == ("2", "1")
    assert imports("VALUE = 1") == ("1", "0"), "both are kept"


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-1]), id="cut off"),
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(lambda file: file.chmod(0o644), id="readable by others"),
        pytest.param(lambda file: file.rename(file.with_name("x")).parent and file.symlink_to("x"), id="a link"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_not_used(
    harm: Callable[[Path], object], imports: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    imports("VALUE = 1")
    harm(kept(tmp_path))
    assert imports("VALUE = 1") == ("1", "1")
    assert imports("VALUE = 1") == ("1", "0"), "and is replaced"


def test_what_a_killed_process_left_is_cleared_away(imports: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    imports("VALUE = 1")
    file = kept(tmp_path)
    beside = file.rename(file.with_name(f"{file.name}.new"))
    assert imports("VALUE = 1") == ("1", "1")
    assert not beside.exists()
    assert imports("VALUE = 1") == ("1", "1")
    assert imports("VALUE = 1") == ("1", "0")


def test_it_can_be_forgotten(imports: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    imports("VALUE = 1")
    (tmp_path / "run/multiarch-builders.code-cpython-39-610d0d0a").touch()
    imports("VALUE = 2", "forget")
    assert list((tmp_path / "run").iterdir()) == []
