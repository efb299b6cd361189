# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker's JSON files: what is refused and how the place is named, and that everything else comes back as it was."""

from __future__ import annotations

import json
import textwrap

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import parse, render

PATH = "/some/daemon.json"


@pytest.mark.parametrize("text", [None, "", " \n\t\n", "{}", "{ }\n"])
def test_nothing_is_an_empty_document(text: str | None) -> None:
    assert parse(text, PATH) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # Python 3.13 shows the comma, those before it what comes after
        pytest.param('{"debug": true,\n}\n', "in line ", id="comma at the end"),
        pytest.param('{\n  "debug": true\n  "dns": []\n}\n', "in line 3, column 3", id="missing comma"),
        pytest.param('{\n  // a comment\n  "debug": true\n}\n', "in line 2, column 3", id="comment"),
        pytest.param('{"a": 1} {"b": 2}', "in line 1, column 10", id="more after the end"),
        pytest.param('\ufeff{"a": 1}', "in line 1, column 1", id="byte order mark"),
        pytest.param("debug: true\n", "in line 1, column 1", id="YAML"),
        pytest.param('{"a": NaN}', "is not valid JSON: NaN is not a valid number.", id="NaN, which Python reads"),
        pytest.param('{"a": [-Infinity]}', "is not valid JSON: -Infinity is not a valid number.", id="Infinity"),
        pytest.param(f'{{"a": {"9" * 5000}}}', "is not valid JSON: Exceeds the limit", id="digits without end"),
        pytest.param("[" * 100_000, "is not valid JSON: it is nested too deep.", id="brackets without end"),
        pytest.param("[]", "holds list, not a mapping", id="list"),
        pytest.param("null", "holds NoneType, not a mapping", id="null"),
        pytest.param('"text"', "holds str, not a mapping", id="text"),
    ],
)
def test_no_document(text: str, told: str) -> None:
    with pytest.raises(HostError) as caught:
        parse(text, PATH)
    assert str(caught.value).startswith(f"{PATH} ")
    assert told in str(caught.value)
    assert "It was not changed" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        pytest.param('{\n"debug": true,\n"debug": false\n}', "debug", 3, id="next to each other"),
        pytest.param('\n\n{"a": 1,\n"a": 2}', "a", 4, id="empty lines first"),
        pytest.param('{"a": {\n"b": 1,\n"c": 2,\n"b" : 3\n}}', "b", 4, id="nested"),
        pytest.param('{\n"a": {\n"b": 1},\n"b": 2,\n"b": 3\n}', "b", 5, id="the same name above is no second"),
        pytest.param('{\n"b": 2,\n"b": 3,\n"a": {\n"b": 1}\n}', "b", 3, id="the same name below is no second"),
        pytest.param('{\n"b": 1,\n"b": 2,\n"c": "b", "d": "x\\"b\\": 1"\n}', "b", 3, id="the name inside a text"),
        pytest.param('{\n"é": 1,\n"é": 2\n}', "é", 3, id="not ASCII"),
        pytest.param('{\n"é": 1,\n"\\u00e9": 2\n}', "é", 3, id="escaped the second time"),
    ],
)
def test_a_key_twice_is_refused_and_the_second_is_named(text: str, key: str, line: int) -> None:
    """dockerd takes the last one without a word (research: `dockerd --validate` says OK)."""
    with pytest.raises(HostError) as caught:
        parse(text, PATH)
    assert str(caught.value).startswith(f"{PATH} has the duplicate key {key!r} in line {line}:")


def test_half_a_character_stays_as_it_was_written() -> None:
    assert render(parse(r'{"\ud800": "ä\udfff"}', PATH), "{}\n") == '{\n    "\\ud800": "ä\\udfff"\n}\n'


def test_one_name_in_two_mappings_is_fine() -> None:
    assert parse('{"a": {"x": 1}, "b": {"x": 2}}', PATH) == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(
    ("former", "indent"),
    [
        pytest.param(None, "    ", id="no file"),
        pytest.param('{"debug": true}', "    ", id="one line"),
        pytest.param('{\n  "debug": true\n}\n', "  ", id="two spaces"),
        pytest.param('{\n\t"debug": true\n}\n', "\t", id="tab"),
        pytest.param('{\n\n   "debug": true\n}\n', "   ", id="an empty line first"),
    ],
)
def test_the_indent_of_the_former_text_is_kept(former: str | None, indent: str) -> None:
    text = render({"features": {"x": True}}, former)
    assert text.rstrip("\n") == f'{{\n{indent}"features": {{\n{indent}{indent}"x": true\n{indent}}}\n}}'


@pytest.mark.parametrize(
    ("former", "end"),
    [
        pytest.param(None, "}\n", id="no file"),
        pytest.param("", "}\n", id="an empty file"),
        pytest.param('{"debug": true}\n', "}\n", id="with a newline"),
        pytest.param('{"debug": true}', "}", id="without, as docker itself writes config.json"),
    ],
)
def test_the_end_of_the_former_text_is_kept(former: str | None, end: str) -> None:
    assert render({"features": {"x": True}}, former).endswith(f"\n{end}")


def test_the_indent_of_a_first_text_is_the_programs_own() -> None:
    """docker writes config.json with tabs."""
    assert render({"auths": {}}, None, indent="\t") == '{\n\t"auths": {}\n}\n'
    assert render({"auths": {}}, '{\n  "a": 1\n}\n', indent="\t") == '{\n  "auths": {}\n}\n'


def test_order_numbers_and_letters_come_back_as_they_were() -> None:
    text = textwrap.dedent("""\
        {
          "z": 1.5,
          "labels": [
            "müller=ja",
            "名=值"
          ],
          "a": {
            "y": null,
            "x": 9007199254740993
          }
        }
        """)
    assert render(parse(text, PATH), text) == text


def test_what_is_rendered_is_read_again() -> None:
    document = {"a": ['"quoted" \\ back\tslash'], "b": {"c": {}}, "d": []}
    assert parse(render(document, None), PATH) == json.loads(render(document, None)) == document


@pytest.mark.parametrize("text", ['\ufeff{\n  "a": 1\n}\n', '\ufeff{"a": 1}'])
def test_a_byte_order_mark_where_one_may_be(text: str) -> None:
    """As in daemon.json, which dockerd reads since 23.0 (daemon/config/config.go); it stays."""
    assert parse(text, PATH, marked=True) == {"a": 1}
    after = render({"a": 2}, text)
    assert after.startswith("\ufeff{")
    assert parse(after, PATH, marked=True) == {"a": 2}
    assert not render({"a": 2}, "{}").startswith("\ufeff")
