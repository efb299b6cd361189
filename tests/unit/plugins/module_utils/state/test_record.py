# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the record: read with tolerance, changed as a whole, refused if a newer version wrote it."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import record
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import (
    FORMAT,
    NewerRecordError,
    RecordFile,
    require_known,
)


@dataclass(frozen=True)
class Row:
    name: str
    count: int = 0


@dataclass(frozen=True)
class Shape:
    files: dict[str, str] = field(default_factory=dict)
    stale: bool = False
    rows: tuple[Row, ...] = ()
    by_name: dict[str, Row] = field(default_factory=dict)


@pytest.fixture
def file() -> RecordFile[Shape]:
    return RecordFile("trust", Shape, (lambda found: {"files": found["was"]},))


def put(file: RecordFile[Shape], text: str) -> None:
    at(file.path).parent.mkdir(parents=True, exist_ok=True)
    at(file.path).write_text(text)


def content(file: RecordFile[Shape]) -> Any:
    return json.loads(at(file.path).read_text())


def test_a_new_host_remembers_nothing(file: RecordFile[Shape]) -> None:
    assert (file.find(), file.read()) == (None, Shape())
    assert file.update(lambda found: found) == Shape()
    assert not at(file.path).exists(), "what does not change is not written"


def test_a_change_is_written_for_root_alone(file: RecordFile[Shape]) -> None:
    assert file.update(lambda found: replace(found, files={"/a ä": "x"})) == Shape({"/a ä": "x"})
    assert content(file) == {"format": FORMAT, "files": {"/a ä": "x"}}
    assert file.read() == Shape({"/a ä": "x"})
    assert stat.S_IMODE(at(file.path).stat().st_mode) == 0o600
    assert [each.name for each in at(file.path).parent.iterdir()] == ["trust.json"]


def test_what_is_as_it_was_is_not_written(file: RecordFile[Shape]) -> None:
    file.update(lambda found: replace(found, stale=True))
    before = at(file.path).stat()
    file.update(lambda found: replace(found, stale=True, files={}))
    assert at(file.path).stat().st_ino == before.st_ino
    file.update(lambda found: replace(found, stale=False))
    assert (at(file.path).stat().st_ino != before.st_ino, content(file)) == (True, {"format": FORMAT})


def test_keys_of_a_newer_version_stay(file: RecordFile[Shape]) -> None:
    kept, changed = {"name": "kept", "new": 1}, {"name": "changed", "count": 2, "new": 1}
    rows = {"rows": [kept, changed], "by_name": {"a": changed}}
    put(file, json.dumps({"format": FORMAT, "new": [1], **rows}))
    file.update(lambda found: replace(found, rows=(Row("kept"), Row("changed", 3)), by_name={"a": Row("changed", 3)}))
    assert content(file) == {
        "format": FORMAT,
        "new": [1],
        "rows": [kept, {"name": "changed", "count": 3}],
        "by_name": {"a": {**changed, "count": 3}},
    }


def test_an_older_format_is_migrated_and_written_with_the_next_change(file: RecordFile[Shape]) -> None:
    text = '{"was": {"/a": "x"}}'
    put(file, text)
    assert file.read() == Shape({"/a": "x"})
    file.update(lambda found: replace(found, stale=False))
    assert at(file.path).read_text() == text
    file.update(lambda found: replace(found, stale=True))
    assert content(file) == {"format": FORMAT, "files": {"/a": "x"}, "stale": True}


def test_each_format_has_its_step(file: RecordFile[Shape], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FORMAT", 2)
    later = replace(file, migrations=(*file.migrations, lambda found: {**found, "stale": True}))
    for text, stale in (('{"was": {}}', True), ('{"format": 1}', True), ('{"format": 2}', False)):
        put(file, text)
        assert later.read() == Shape(stale=stale)


DAMAGED = [
    pytest.param("", r"it is not JSON \(", id="empty"),
    pytest.param("{", r"it is not JSON \(", id="half of it"),
    pytest.param('{"format": 1} {}', r"it is not JSON \(", id="twice"),
    pytest.param("[" * 100_000, r"it is not JSON \(", id="endless"),
    pytest.param("[]", "it is a list, not a mapping", id="a list"),
    pytest.param("null", "it is null, not a mapping", id="null"),
    pytest.param('{"format": "1"}', "format is a text, not a number", id="format"),
    pytest.param('{"format": 1, "stale": 1}', "stale is a number, not a boolean", id="a number for a boolean"),
    pytest.param('{"format": 1, "stale": null}', "stale is null, not a boolean", id="null"),
    pytest.param('{"format": 1, "files": []}', "files is a list, not a mapping", id="a list for a mapping"),
    pytest.param('{"format": 1, "files": {"/s3cret": 5}}', r"files\./s3cret is a number, not a text", id="a value"),
    pytest.param('{"format": 1, "rows": {}}', "rows is a mapping, not a list", id="a mapping for a list"),
    pytest.param('{"format": 1, "rows": [{}]}', r"rows\[0\] has no name", id="a key that is missing"),
    pytest.param('{"format": 1, "rows": [{"name": "a", "count": true}]}', r"rows\[0\]\.count is a boolean", id="a row"),
    pytest.param('{"is": {}}', "it does not match format 0", id="before 0.1.0"),
]


@pytest.mark.parametrize(("text", "cause"), DAMAGED)
def test_a_damaged_file_is_told_and_left_alone(text: str, cause: str, file: RecordFile[Shape]) -> None:
    put(file, text)
    for look in (file.read, file.find, lambda: file.update(lambda _found: Shape())):
        with pytest.raises(HostError, match=rf"^{file.path} is damaged: {cause}.*Restore it, or remove it"):
            look()
    assert at(file.path).read_text() == text
    require_known()
    file.put(Shape(stale=True))
    assert file.read() == Shape(stale=True)


@pytest.mark.parametrize("text", ['{"format": 2}', '{"format": 2, "files": 5}'])
def test_a_newer_format_is_refused(text: str, file: RecordFile[Shape]) -> None:
    put(file, text)
    words = rf"^{file.path} has format 2, and this checkout of \S+ supports formats up to 1: .* use that checkout"
    for look in (file.read, lambda: file.update(lambda _found: Shape()), lambda: file.put(Shape())):
        with pytest.raises(NewerRecordError, match=words):
            look()
    assert at(file.path).read_text() == text


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"trust": '{"format": 1}', "pull": '{"commit": "a"}'}, False, id="as we write it"),
        pytest.param({"trust": "{}", "daemon": "{", "binfmt": "[]"}, False, id="damaged: told where it is read"),
        pytest.param({"daemon": "{", "trust": '{"format": 2}'}, True, id="one of them"),
        pytest.param({"of_tomorrow": '{"format": 3}'}, True, id="one that nothing here reads"),
    ],
)
def test_a_record_that_a_newer_version_wrote(files: dict[str, str], refused: bool, home: Path) -> None:
    home.mkdir(parents=True)
    for name, text in files.items():
        (home / f"{name}.json").write_text(text)
    if refused:
        with pytest.raises(NewerRecordError):
            require_known()
    else:
        require_known()
