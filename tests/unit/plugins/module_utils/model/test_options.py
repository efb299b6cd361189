# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of options: who takes which."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import (
    CONCERNS,
    MODULES,
    OPTIONS,
    PLANNING,
    argument_spec,
    options_of,
)

FOLDER = Path(__file__).parents[5] / "plugins/modules"


@pytest.mark.parametrize("concern", CONCERNS)
def test_a_concern_takes_what_its_module_takes(concern: str) -> None:
    assert options_of(concern) == options_of(MODULES[concern])
    assert "lock_timeout" in options_of(concern)


@pytest.mark.parametrize("module", PLANNING)
def test_what_is_about_all_concerns_takes_all(module: str) -> None:
    assert options_of(module) == tuple(OPTIONS)


def test_readers_are_concerns_and_modules() -> None:
    readers = {reader for row in OPTIONS.values() for reader in row["read_by"]}
    modules = {path.stem for path in FOLDER.glob("*.py")}
    assert readers - set(CONCERNS) <= modules - set(MODULES.values())
    assert {*MODULES.values(), *PLANNING} <= modules


def test_a_module_gets_rows_as_ansible_knows_them() -> None:
    assert argument_spec("trust")["ca_warn_days"] == {"type": "int", "default": 30}
    assert argument_spec("binfmt")["binfmt_source"] == {
        "type": "str",
        "choices": ["image", "package"],
        "default": "image",
    }
