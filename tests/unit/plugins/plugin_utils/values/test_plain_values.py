# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML can write and no file of Docker's can hold."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import OPTIONS
from ansible_collections.multiarch.builders.plugins.plugin_utils.spec.compile import compile_spec
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import SpecError

NO_FILES: dict[str, bytes] = {}

TEXT = "Write text; for a binary file, give its path."
QUOTES = "Put it in quotes if it is meant to be a string."


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param("pa\0ss", f": has a character that no text file can hold (U+0000). {TEXT}", id="NUL"),
        pytest.param("pa\ud800ss", f": has a character that no text file can hold (U+D800). {TEXT}", id="surrogate"),
        pytest.param(
            [{"a": ["\0"]}], f"[0].a[0]: has a character that no text file can hold (U+0000). {TEXT}", id="deep"
        ),
        pytest.param({"a\0": 1}, rf".a\x00: has a character that no text file can hold (U+0000). {TEXT}", id="key"),
        pytest.param(float("nan"), f": is not a valid JSON number. {QUOTES}", id=".nan"),
        pytest.param([float("inf")], f"[0]: is not a valid JSON number. {QUOTES}", id=".inf"),
        pytest.param(10**5000, f": does not fit into 64 bits. {QUOTES}", id="digits without end"),
        pytest.param({2**63: 1}, f".a number: does not fit into 64 bits. {QUOTES}", id="a key of 64 bits"),
        pytest.param(-(2**63) - 1, f": does not fit into 64 bits. {QUOTES}", id="below 64 bits"),
    ],
)
def test_it_is_told_before_all_else_and_not_shown(value: object, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_spec({"daemon_options": value}, names=("daemon_options",), read_file=NO_FILES.__getitem__)
    assert [str(each) for each in caught.value.problems] == [f"builder_daemon_options{told}"]


def test_the_largest_numbers_of_64_bits_are_fine() -> None:
    given = {"a": [2**63 - 1, -(2**63), 1.5, True, None, "ä\U0001d518\t"]}
    spec = compile_spec({"daemon_options": given}, names=("daemon_options",), read_file=NO_FILES.__getitem__)
    assert spec.options == {"daemon_options": given}


def test_the_defaults_are_fine() -> None:
    assert compile_spec({}, names=tuple(OPTIONS), read_file=NO_FILES.__getitem__).options
