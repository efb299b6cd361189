# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that real hosts have: of 0.1.0 and of what came before it. No release may change how they are read.

state/golden/VERSION are the files of a host of the lab, provisioned by that version on top of what others had there
(tests/hosts/test_retire.py), with other identifiers. Both hosts were asked for the same.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import typing as t
from pathlib import Path

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import record as binfmt
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import record as buildx
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import ssh_record
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx.record import Own
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.contexts import record as contexts
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import record as daemon
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine import record as engine
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard import record as guard
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve import record as serve
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import record as ssh
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust import record as trust
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.proof import capability_proof, results, unproven
from ansible_collections.multiarch.builders.plugins.module_utils.state import (
    authorities,
    config_dir,
    data_moves,
    restart_due,
    rollback,
)
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile

GOLDEN = Path(__file__).parent / "state/golden"
RECORDS: list[RecordFile[t.Any]] = [
    *(engine.RECORD, trust.RECORD, daemon.RECORD, binfmt.RECORD, buildx.RECORD, authorities.RECORD, config_dir.RECORD),
    *(
        data_moves.RECORD,
        restart_due.RECORD,
        rollback.RECORD,
        unproven.RECORD,
        results.BUILD,
        results.REGISTRY,
        capability_proof.RECORD,
    ),
    *(guard.RECORD, guard.DONE, contexts.RECORD, serve.RECORD, ssh_record.RECORD, ssh.RECORD),
]
BY_NAME = {each.name: each for each in RECORDS}
NEW, OLD = (sorted((GOLDEN / version).glob("*.json")) for version in ("0.1.0", "before-0.1.0"))


def test_every_file_is_there_once() -> None:
    """Those of 0.2.0 are not: no data of that host was moved, and it had no contexts, served builder or ssh keys."""
    later = {each.RECORD.name for each in (data_moves, contexts, serve, ssh_record, ssh)}
    assert {path.stem for path in NEW} == set(BY_NAME) - later
    assert len(RECORDS) == len(BY_NAME)


def test_the_documentation_tells_of_each() -> None:
    page = (GOLDEN.parents[5] / "docs/architecture.md").read_text()
    rows = page.partition("## What is on a host's disk")[2].partition("\n- ")[0]
    told = re.findall(r"`([a-z_-]+)\.json`(?=[^|]*\|[^|]*\|[^|]*\|$)", rows, re.MULTILINE)
    assert sorted(told) == sorted([*BY_NAME, "pull"])


def rewritten(path: Path) -> str:
    """What is written of a file that is read and that something differs in."""
    record = BY_NAME[path.stem]
    at(record.path).parent.mkdir(parents=True)
    at(record.path).write_text(path.read_text())
    content, document = record._load()
    record._write(content, document)
    return at(record.path).read_text()


@pytest.mark.parametrize("path", NEW, ids=lambda path: path.stem)
def test_a_record_of_0_1_0_is_written_as_it_was(path: Path) -> None:
    assert rewritten(path) == path.read_text()


def leaves(value: t.Any) -> set[str]:
    """All texts and numbers of a document, but none of those that say the usual."""
    if isinstance(value, dict):
        return {leaf for each in value.values() for leaf in leaves(each)}
    if isinstance(value, list):
        return {leaf for each in value for leaf in leaves(each)}
    return set() if value in (None, True, False, "") else {str(value)}


USUAL = {"420", "root"}  # modes and users that rows have unless they say otherwise


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_nothing_of_an_older_record_is_lost(path: Path) -> None:
    then, now = json.loads(path.read_text()), json.loads(rewritten(path))
    assert now.pop("format") == 1
    assert leaves(then) - USUAL == leaves(now) - USUAL
    names = {"made": "builders", "builders": "configurations"} if path.stem == "buildx" else {}
    flat = {"pending": "marks", "homes": "users", "unproven": "proofs"}.get(path.stem)
    kept = {name for name, value in then.items() if value} if flat is None else {flat} if then else set()
    assert {names.get(name, name) for name in kept} == {name for name, value in now.items() if value}


def test_an_older_builder_is_the_same(home: Path) -> None:
    """As with 0.1.0 on such a host."""
    found = {}
    for version in ("before-0.1.0", "0.1.0"):
        shutil.copytree(GOLDEN / version, home, dirs_exist_ok=True)
        found[version] = buildx.RECORD.read()
    assert found["before-0.1.0"] == found["0.1.0"]
    own = Own({"BUILDX_BUILDER": "multiarch"}, {"BUILDX_BUILDER": "BUILDX_BUILDER=theirs\n"}, ended=False)
    assert found["0.1.0"].environment == {"/etc/environment": own}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_field_of_a_file_has_a_default_or_is_of_a_proof(record: RecordFile[t.Any]) -> None:
    """A record that lacks one is of a version that did not know it."""
    required = [
        each.name
        for each in dataclasses.fields(record.kind)
        if each.default is each.default_factory is dataclasses.MISSING
    ]
    assert required == ([] if record not in (results.BUILD, results.REGISTRY) else ["time", "passed", "failures"])
