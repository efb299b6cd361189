# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lines, and what is said of those that are missing."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import (
    last_line,
    lines_of,
    logged,
    of_logged,
    told,
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(" \n\n", [], id="lines that say nothing"),
        pytest.param("a\r\n  b  \n", ["a", "  b"], id="ends of lines"),
        pytest.param("\x1b[31mERROR\x1b[0m: x", ["ERROR: x"], id="colours"),
        pytest.param("5%\r50%\rdone", ["done"], id="what was written over"),
        pytest.param(
            "#1 \x02\x00\x00\x00\x00\x00\x00Ybuildkitd: x", ["#1 Ybuildkitd: x"], id="a head of Docker's stream"
        ),
    ],
)
def test_lines_of(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


def test_what_is_told_is_whole_lines_and_says_what_is_missing() -> None:
    text = "\n".join(f"line {number}" for number in range(1, 48))
    assert told("it said", text, 2) == "it said, the last 2 of 47 lines:\nline 46\nline 47"
    assert told("it said", "one\ntwo\n", 2) == "it said:\none\ntwo"
    assert told("it said", "\n") == ""
    assert told("it said", "x" * 1_200) == f"it said:\n{'x' * 1_000}… (200 more characters)"


def test_last_line() -> None:
    assert last_line("one\n  two \n\n") == "two"
    assert last_line("") == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(
            'time="2026-11-29T06:03:56Z" level=info msg="a "b"" x=1'.replace('"b"', '\\"b\\"'), 'a "b"', id="text"
        ),
        pytest.param(
            'time="x" level=error msg="no driver" driver=y error="not supported"',
            "no driver: not supported",
            id="with an error",
        ),
        pytest.param('{"level":"fatal","msg":"no","error":"why","time":"x"}', "no: why", id="JSON"),
        pytest.param("failed to start daemon: x", "", id="a plain line"),
        pytest.param("a flag such as --log-level=debug", "", id="a plain line with the word"),
        pytest.param('{"a": 1}', "", id="other JSON"),
        pytest.param("{", "", id="no JSON"),
        pytest.param(r'level=info msg="\xff"', r"\xff", id="an escape of Go"),
    ],
)
def test_logged(line: str, said: str) -> None:
    assert of_logged(logged(line)) == said
